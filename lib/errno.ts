const disk = ['disk full', 'make room and run again'] as const
const rights = ['no permission', 'give your user the right to it'] as const
const gone = ['the disk or network drive is gone', 'bring it back and run again'] as const

const troubles: Record<string, readonly [found: string, remedy: string]> = {
  ENOSPC: disk,
  EDQUOT: disk,
  // A limit on the size of files: of the shell, or of the file system.
  EFBIG: disk,
  EACCES: rights,
  EPERM: rights,
  EROFS: ['the disk is read-only', 'make it writable, or name another place'],
  ENOENT: ['it is not there', 'check the path'],
  ENAMETOOLONG: ['that name is too long for this disk', 'use a disk that takes 255 bytes'],
  EISDIR: ['it is a folder', 'name a file'],
  ENOTDIR: ['a file stands where a folder should be', 'move that file away'],
  EEXIST: ['a file stands where a folder should be', 'move that file away'],
  EIO: ['the disk cannot read or write it (EIO)', 'look after that disk, then run again'],
  ESTALE: gone,
  ENXIO: gone,
  ENODEV: gone,
  ENOTCONN: gone,
  EBADF: ['it was closed', 'run again'],
  EXDEV: ['no hard link leads to another disk', 'use links or copies'],
  EMFILE: ['too many files are open', 'raise `ulimit -n` and run again'],
  ENFILE: ['too many files are open', 'close other programs and run again'],
}

/** What an error of files and disks found, and what to do about it; undefined for any other error. */
export function diskTrouble(error: unknown): readonly [found: string, remedy: string] | undefined {
  const { code = '', syscall } = (error ?? {}) as NodeJS.ErrnoException
  return syscall === undefined ? undefined : troubles[code]
}

const OF_ONE = new Set('EACCES EPERM ENOTDIR EISDIR EEXIST EINVAL ENAMETOOLONG EXDEV'.split(' '))

/** Whether it befell one file or folder, while others can be written. */
export const isOfOneFile = (error: unknown) =>
  OF_ONE.has((error as NodeJS.ErrnoException)?.code ?? '')

/** The same as the end of a message; what is no such trouble speaks for itself. */
export function troubleText(error: unknown): string {
  const [found, remedy] = diskTrouble(error) ?? [
    (error as Error).message,
    'mend that and run again',
  ]
  return `${found}: ${remedy}`
}
