/** A text that JSON writes as it is, between quotes: nothing in it has to be escaped. */
export const PLAIN_TEXT = /^[ !#-[\]-\uD7FF]*$/;
