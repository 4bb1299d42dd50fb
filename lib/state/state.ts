import { existsSync, mkdirSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { Low } from 'lowdb'
import { troubleText } from '../errno.ts'
import { onInterrupt } from '../interrupt.ts'
import { doing } from '../spent.ts'
import { Fail, say, stage as thisStage } from '../stage.ts'
import { type Collections, countRecords, database } from './database.ts'
import { takeLock } from './lock.ts'
import type { Collection, State } from './records.ts'

/** The state as a stage holds it: `Named` collections are in memory, `Written` ones may be changed, by put and remove only. */
export type OpenState<Named extends Collection = Collection, Written extends Collection = Named> = {
  readonly data: { readonly [C in Named]: Readonly<State[C]> }
  /** Puts a whole record; it is on disk within 200 ms. Throws Fail when an earlier write failed. */
  put<C extends Written>(collection: C, id: string, record: State[C][string]): void
  remove(collection: Written, id: string): void
  /**
   * Makes a collection hold these records and no others, and gives how many changed. For a stage that works out the whole:
   * it is on disk by flush() or save(), all of it or nothing, together with whatever is put after it.
   */
  replace<C extends Written>(collection: C, records: State[C]): number
  /** Resolves when all that was put is on disk. */
  flush(): Promise<void>
  /** Writes the document, if anything was put, and lets go of the lock. Nothing can be put after it. */
  save(): Promise<void>
  /** Lets go without writing the document: what was put stays in the journal for the next writer. */
  close(): Promise<void>
}

/**
 * Opens the state file, or an empty state where there is none. The collections named by `read` and `write` are loaded,
 * others are passed over. With any to `write` this is the one writer: a lock is held until save, close or exit, and
 * on SIGINT, SIGTERM and SIGHUP the state is saved before the process ends (130). A `dryRun` changes memory only. To put one
 * record and close() again, at the cost of that record whatever the size of the document, say `goOn`.
 * Throws Fail when another stage is writing, and for a file that cannot be understood.
 */
export async function openState<R extends Collection = never, W extends Collection = never>(
  path: string,
  {
    read = [],
    write = [],
    stage = thisStage,
    dryRun = false,
    goOn = false,
  }: {
    read?: readonly R[]
    write?: readonly W[]
    stage?: string
    dryRun?: boolean
    goOn?: boolean
  },
): Promise<OpenState<R | W, W>> {
  const writes = write.length > 0 && !dryRun
  const file = realFile(path)
  if (writes) makeFolder(file)
  const unlock = writes ? await takeLock(`${file}.lock`, stage, file) : () => {}
  // Until all is read there is nothing to save.
  let ready = false
  let ending: Promise<void> | undefined
  const stay = writes ? onInterrupt(saveAndSay) : () => {}
  const adapter = database(file, [...new Set<string>([...read, ...write])], { writes, goOn })
  const low = new Low<Collections>(adapter, {})
  try {
    await kept(low.read())
  } catch (error) {
    stay()
    unlock()
    throw error
  }
  ready = true

  let isOpen = true
  const checkWritable = (collection: Collection) => {
    if (isOpen && (write as readonly string[]).includes(collection)) return
    throw new Error(`put of ${collection}, which is not open for writing`)
  }
  const change = (collection: Collection, id: string, record?: unknown) => {
    checkWritable(collection)
    adapter.change(collection, id, record)
  }
  const end = (last: () => Promise<void>) => {
    isOpen = false
    ending ??= endWith(last)
    return ending
  }
  const endWith = async (last: () => Promise<void>) => {
    try {
      await last()
    } finally {
      await adapter.close().finally(release)
    }
  }

  // What is left at exit goes to the journal: an exit cannot wait for a document.
  const onExit = () => {
    try {
      adapter.flushSync()
    } catch (error) {
      say((error as Error).message)
      process.exitCode ||= 1
    }
    unlock()
  }
  async function saveAndSay() {
    if (!ready) return unlock()
    // Not end(): work that is on its way may still put, and finds its record in the journal.
    await (ending ?? adapter.write())
    say('stopped: what was done is kept, run it again to go on')
  }
  const release = () => {
    process.off('exit', onExit)
    stay()
    unlock()
  }
  if (writes) process.once('exit', onExit)

  return {
    data: low.data as OpenState<R | W, W>['data'],
    put: change,
    remove: change,
    replace: (collection, records) => {
      checkWritable(collection)
      return adapter.replace(collection, records)
    },
    flush: adapter.flush,
    save: () => end(() => (writes ? kept(low.write()) : Promise.resolve())),
    close: () => end(() => Promise.resolve()),
  }
}

function kept(writing: Promise<void>) {
  return writing.finally(doing('keeping the state'))
}

/** Records of each collection, from the head of the file and the journal: fast at any size, and takes no lock. */
export async function readCounts(path: string): Promise<{ [C in Collection]?: number }> {
  return Object.fromEntries(await countRecords(realFile(path)))
}

function makeFolder(file: string) {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new Fail(`Cannot make the folder ${dirname(file)}: ${troubleText(error)}`, {
      cause: error,
    })
  }
}

// Renaming over a symbolic link would cut it off from its file.
function realFile(path: string) {
  return existsSync(path) ? realpathSync(path) : path
}
