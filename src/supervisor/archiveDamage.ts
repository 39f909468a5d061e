import { CompressedFileError } from "../content/compressedFile.js";
import { RefusalError } from "../protocol/errors.js";

/** What comes of reading; where that came upon damage in the archive, whoever asked is told so. */
export async function refusingDamage<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof CompressedFileError)) throw error;
    const hint = "what else the session keeps can be read; a backup may have this file as it was";
    throw new RefusalError({ type: "content_damaged", message: error.message, hint });
  }
}
