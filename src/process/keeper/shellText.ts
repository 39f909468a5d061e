/**
 * What becomes the command, in a session of its own. It writes down who it is before the program may run, and keeps its pid
 * when it does. All that needs a variable is done in a shell within it, so that none gets into the environment of the
 * command; nothing in it may have a single quote. Field 22 of its line in /proc is its start time.
 */
const START = `
(
  read -r line </proc/$$/stat || exit 1
  set -- "$1" \${line##*") "}
  line="started $$ \${21}"
  echo "$line" >"$1/started.$$" && command -p mv "$1/started.$$" "$1/started" && echo "$line" >&9
) || exit 126
shift 3
exec "$@" 2>&8 8>&- 9>&-
`;

/**
 * The keeper as a script of POSIX sh: `$1` is the folder of the command, `$2` setsid, `$3` sh, and behind them are the
 * program and its arguments. Descriptors: 0, 1 and 2 are the command's, and on 3 it says that the command is claimed.
 *
 * The claim is a named pipe, which the keeper has open for writing as long as it lives. So whoever opens it for reading
 * sees by its end that the keeper is gone, and no number of a process is needed for that. It is made by link(2), as that
 * of the other keeper is, so that one of several has it.
 *
 * It waits for the command in the foreground: one in the background would ignore SIGINT. What sh itself has to say is no
 * output of the command: dash has a redirection of one command in force as long as it waits for it. A start that could not be written down is told as a disk that is full (28, ENOSPC).
 */
export const SHELL_KEEPER = `
exec 8>&2 2>/dev/null
command -p mkfifo -m 600 "$1/claim.$$" || exit 1
exec 9<>"$1/claim.$$" || exit 1
command -p ln "$1/claim.$$" "$1/claim" || {
  command -p rm -f "$1/claim.$$"
  [ -e "$1/claim" ] && exit 17
  exit 1
}
command -p rm -f "$1/claim.$$"
echo claimed >&3
exec 3>&-
trap : HUP INT QUIT TERM
"$2" "$3" -c '${START}' sessiond-command "$@"
code=$?
folder=$1
exec 8>&-
if [ -e "$folder/started" ]; then
  name=ended
  line="ended exit $code exited"
else
  name=failed
  line="failed f 28"
fi
record() {
  echo "$line" >"$folder/$name.$$" && command -p mv "$folder/$name.$$" "$folder/$name"
}
record
missing=$?
echo "$line" >&9
while [ $missing != 0 ] && [ -d "$folder" ]; do
  command -p sleep 1
  record
  missing=$?
done
`;
