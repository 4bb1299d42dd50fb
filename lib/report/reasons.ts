import { hint } from '../stage.ts'
import { LOST, PICK_ENDED } from '../takeout/reasons.ts'
import type { There } from './verdict.ts'

/** How much a reason weighs: `owed` keeps from leaving Google, `look` wants a look, `rule` was to be so, `note` is good to know. */
export const WEIGHTS = ['owed', 'look', 'rule', 'note'] as const
export type Weight = (typeof WEIGHTS)[number]
export type Reason = { title: string; weight: Weight; todo: string }

const reason = (weight: Weight, title: string, todo: string): Reason => ({ title, weight, todo })

const ofOtherBytes = (by: string) =>
  reason(
    'look',
    `There before by its ${by}, but not byte for byte the same`,
    'It was taken for the photo by what stands beside each, and Google’s own file was not sent. It may be a smaller or a worse one: look at both before you let the export go.',
  )

/** What is to be done about each reason for which something did not fit; the keys are the words of `status --list`. */
const reasonsFor = (sends: string): Record<string, Reason> => ({
  failed: reason(
    'owed',
    'Failed',
    `The words at each say why. ${hint(sends)} tries again; what failed three times rests until ${hint(sends, '--retry')}. Of a damaged file download that part again, or the photo itself from its Google page.`,
  ),
  'to send': reason('owed', 'Not sent yet', `${hint(sends)} sends them.`),
  'to mirror': reason('owed', 'Not in the folders yet', `${hint(sends)} brings them.`),
  'to renew': reason(
    'owed',
    'In the folders, and Google says something else of it by now',
    `${hint(sends)} writes that down.`,
  ),
  'to complete': reason(
    'owed',
    'On the server, but not complete',
    `${hint(sends)} adds what is missing: another file of it, its place, caption, stack or live half.`,
  ),
  waits: reason(
    'owed',
    'Waiting for a part of the export',
    `Its date may lie in a part that is not here. Download that part and run ${hint('sync')}; ${hint(sends, '--no-more-parts')} ends the waiting.`,
  ),
  several: reason(
    'owed',
    'Several assets could be this photo',
    `Nothing is guessed: ${hint('review')} shows them side by side, and asks you.`,
  ),
  disputed: reason(
    'owed',
    'One asset could be several photos',
    `Nothing is guessed: ${hint('review')} shows them side by side, and asks you.`,
  ),
  [PICK_ENDED]: reason(
    'owed',
    'Picked, but Google has ended that choice',
    `Pick them again: ${hint('index-gphotos', '--pick')}.`,
  ),
  unverified: reason(
    'owed',
    'Sent, not verified yet',
    sends === 'mirror'
      ? `${hint('mirror', '--resync --checksum')} reads them again and compares.`
      : `${hint('verify', '--wait 10m')} asks Immich again.`,
  ),
  'gone from the server': reason(
    'look',
    'No longer in Immich',
    `If you removed them, all is well. If not, look into the trash of Immich; ${hint('transfer', '--restore-deleted')} brings them back.`,
  ),
  'in the trash of the server': reason(
    'look',
    'In the trash of Immich',
    `If you put them there, all is well; ${hint('transfer', '--restore-deleted')} brings them back.`,
  ),
  differs: reason(
    'look',
    'Arrived, but a field differs from what was sent',
    `The picture is there. ${hint(sends)} gives again what the server lost; what then stays is what the server makes of it.`,
  ),
  [LOST]: reason(
    'look',
    'A sidecar whose picture is not in the export',
    'Google left it out, or it lies in a part that is not here. Open its Google page: where the photo is still there, download it by hand or order a new Takeout.',
  ),
  damaged: reason(
    'look',
    'Damaged in the export',
    'Download that part again. If it is damaged there as well, get the photo from its Google page, or order a new Takeout.',
  ),
  'in the locked folder': reason(
    'look',
    'In the locked folder',
    `Left out by rule. ${hint(sends, '--include-locked')} brings them, into the locked folder there.`,
  ),
  'smaller on the server': reason(
    'look',
    'A smaller one lies beside it in Immich',
    `The original was sent. ${hint('transfer', '--upgrade')} carries the albums of the small one over and puts it into the trash.`,
  ),
  kept: reason(
    'look',
    'Changed in Google and in Immich',
    `Yours in Immich stays. ${hint('transfer', '--overwrite')} lets Google's word win.`,
  ),
  'trashed in Google since': reason(
    'look',
    'In the trash of Google since it was sent',
    'It stays in Immich: remove it there if you want it gone.',
  ),
  'fits several files, so it is given to none': reason(
    'look',
    'A sidecar that fits several files',
    'Its files arrived with their own date: look whether caption and place matter.',
  ),
  'uncertain sidecar': reason(
    'look',
    'A sidecar that is not surely its own',
    'The picture arrived; time and place of this sidecar were not trusted.',
  ),
  'unreadable sidecar': reason(
    'look',
    'A sidecar that cannot be read',
    'The picture arrived with its own date. Download that part again if it matters.',
  ),
  guessed: reason(
    'look',
    'No sidecar: the date is the file’s own, else a guess',
    'Those whose date was guessed carry the tag photoferry/date-guessed in Immich: set it there.',
  ),
  'not chosen': reason(
    'look',
    'Not chosen',
    `${hint('index-gphotos')} was asked for a part of the library. Run it without --albums, --not-albums and --dates for all.`,
  ),
  'name, time and dimensions': ofOtherBytes('name, time and dimensions'),
  'name and time': ofOtherBytes('name and time'),
  name: ofOtherBytes('name alone'),
  'album: several': reason(
    'look',
    'Albums of which Immich has several of that title',
    'Rename or remove one of them in Immich, then index and link again.',
  ),
  'album: shared': reason(
    'look',
    'Albums that other people could see in Immich',
    `They wait for your word: ${hint('transfer', '--into-shared')} puts the photos into the shared album.`,
  ),
  'album: gone from the server': reason(
    'look',
    'Albums that are no longer in Immich',
    `If you removed them, all is well; ${hint('transfer', '--restore-deleted')} makes them again.`,
  ),
  'in the trash of Google Photos': reason(
    'rule',
    'In the trash of Google Photos',
    `Left out by rule. ${hint(sends, '--include-trashed')} brings them, into the trash there.`,
  ),
  'from a partner': reason('rule', 'From a partner', 'Left out as you asked (--no-partner).'),
  'picked, and its original has come': reason(
    'rule',
    'Picked, and its original has come',
    'The original of a Takeout takes its place.',
  ),
  changed: reason('note', 'Changed by you in Immich', 'Yours stays.'),
  'a newer sidecar says otherwise': reason(
    'note',
    'An older sidecar of a photo that has a newer one',
    'The newer one counts: nothing to do.',
  ),
  'comments on a photo': reason(
    'note',
    'Comments on a photo',
    'They stay in the export: Immich would show them as yours, of today.',
  ),
  'comments on an album': reason(
    'note',
    'Comments on an album',
    `They stay in the export; ${hint('index-gphotos', '--comments description')} puts them into the albums' descriptions.`,
  ),
  memories: reason(
    'note',
    'Memories',
    `No albums. ${hint('index-gphotos', '--memories')} makes albums of them.`,
  ),
})

const REASONS = { Immich: reasonsFor('transfer'), 'the folders': reasonsFor('mirror') }

/** Files of an export that are in no photo because they are none, and want nothing. */
const NO_PHOTO: Record<string, string> = {
  account: 'Files of the account, not of photos',
  'no part of the photos': 'Files that are no part of the photos',
  'another product': 'Files of another product of Google',
  'neither a photo nor a video': 'Files that are neither a photo nor a video',
  'a conversation': 'Conversations',
  'its photo lies in another folder': 'Sidecars of albums whose picture lies in its year’s folder',
  'its photo has another sidecar here': 'A second sidecar of a photo',
  'album file of a year or a day': 'Album files of a year or a day, which is no album',
  'the same album file again': 'The same album file again',
}

/** The reason of that name, as `status --list` calls it. */
export function reasonOf(name: string, there: There): Reason {
  if (Object.hasOwn(REASONS[there], name)) return REASONS[there][name] as Reason
  const none = Object.hasOwn(NO_PHOTO, name) ? NO_PHOTO[name] : undefined
  return reason('note', none ?? `In no photo: ${name}`, 'Nothing to do.')
}
