/** Starts the names of files of the default branch, in problems and origins. */
export const CONTENT_PREFIX = 'HEAD:';
/** `.leakgate.yml` of the default branch, as git is asked for it. */
export const CONTENT_OBJECT = `${CONTENT_PREFIX}.leakgate.yml`;
