// Reasons that an account of all asks for by their words.

/** A sidecar without its picture: that may lie in a part that is not here. */
export const LOST = 'its photo is not in the export'
export const PICK_ENDED = 'picked, and Google has ended that choice: pick it again'
