# Runs one server and outlives the test, so that nothing is left behind however the test ends.
#   $1: the server's folder; the rest: the command.
#   stdin: a pipe from the test; one order a line: the name of a signal, or `leave` once the server has ended.
#   stdout: `started PID`, then `ended`.
# When stdin ends, the server is killed and the folder removed. After `leave`, the folder stays.
folder=$1
shift
exec 3<&0
# A test that is gone reads no output; the cleaning up must go on.
trap '' PIPE

"$@" </dev/null >/dev/null 2>>"$folder/server.log" 3<&- &
server=$!
echo "started $server"

# A shell that waits for a child cannot read, so a second one reads the orders.
(
    while read -r order; do
        kill -s "$order" "$server"
    done
    kill -s KILL "$server"
) <&3 >/dev/null &
reader=$!

wait "$server"
# Past this point the number may belong to another process: nobody may signal it any more.
kill -s KILL "$reader"
wait "$reader"
echo ended

while read -r order; do
    if [ "$order" = leave ]; then exit; fi
done <&3
rm -rf "$folder"
