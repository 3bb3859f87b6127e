#!/bin/bash
# Files, pipes, jobs and signals with Debian's bash and coreutils; the output must be the same on every kernel.
set -u
# Files and folders.
mkdir -p a/{b,c}/d && printf '%s\n' one two three > a/list && cp -a a copy && ln -s ../a/list copy/link
mv copy/list copy/renamed && chmod 640 copy/renamed && stat -c '%n %a %s %F' a/* copy/*
tee a/{x,y} < a/list | wc; truncate -s 10000 a/x; dd if=a/x of=a/z bs=512 skip=1 count=3 2> /dev/null; du -b a/z
find . -type f -newer /cases/init | wc -l; find . -name 'r*' -o -type l | sort
rmdir a/b; rm -r copy; cat a/missing; [[ -e copy ]] || echo 'copy is gone'
# Work on text.
sort -u "$D/text" | awk '{ n[NF]++; total += length($0) } END { for (i = 3; i < 10; i++) print i, n[i]; print total }'
tr -s ' ' '\n' < "$D/text" | sort | uniq -c | sort -k1,1nr -k2 | head -n 5
sort -n --parallel=4 "$D/numbers" | sha256sum; shuf "$D/numbers" | sort -n | sha256sum
grep -nE '(ing|ed)( |$)' "$D/text" | sed -n 's/^\([0-9]*\):\(.\).*/\2\1/p' | paste -sd, | cut -c1-60
split -n 3 "$D/binary" part. && cat part.* | cmp - "$D/binary" && rm part.*; od -An -tx1 -N16 "$D/binary"; base64 -w0 a/list; echo
join <(sort a/list) <(printf 'one 1\ntwo 2\n'); comm -3 <(seq 1 5) <(seq 3 7); seq 10 | tac | nl | tail -n 2
# The shell itself.
declare -A colour=([sky]=blue [grass]=green); for key in "${!colour[@]}"; do echo "$key ${colour[$key]}"; done | sort
mapfile -t lines < a/list; echo "${#lines[@]} ${lines[-1]^^} ${lines[0]/o/0}"; read -r first _ <<< 'here string'; echo "$first"
fib() { (($1 < 2)) && echo "$1" || echo $(($(fig $(($1 - 1))) + $(fig $(($1 - 2))))); }; fig() { fib "$1"; }; fib 8
coproc upper { while read -r line; do echo "${line^^}"; done; }; echo quiet >&"${upper[1]}"; read -r loud <&"${upper[0]}"; echo "$loud"
eval "exec ${upper[1]}>&-"; wait "$upper_PID" 2> /dev/null; echo "coproc $?"
# Processes and signals.
trap 'echo caught USR1' USR1; kill -USR1 $BASHPID; trap 'echo leaving' EXIT; trap
for i in 1 2 3 4; do (sleep 0.$i; echo "job $i" > "job.$i"; exit "$i") & jobs[i]=$!; done
for i in 4 3 2 1; do wait "${jobs[i]}"; echo "waited $?"; done; cat job.*
{ sleep 100 & sleep 0.5; kill $!; wait $!; } 2> /dev/null; echo "killed $?"; timeout 0.2 sleep 9; echo "timeout $?"
{ (kill -SEGV $BASHPID); } 2> /dev/null; echo "segv $?" # the shell's message would name a process
false | true | (exit 5); echo "${PIPESTATUS[@]}"; yes | head -n 100000 | tail -n 1; seq 100000 | awk '{ s += $1 } END { print s }'
mkfifo pipe && (for i in 1 2 3; do echo "through $i"; done > pipe &) && cat pipe; ulimit -n 64; ulimit -n
{ (ulimit -f 1; head -c 100000 /dev/zero > big); } 2> /dev/null; echo "limit $?"; wc -c < big; exec 7<> /tmp/both; echo seven >&7; cat /tmp/both; rm /tmp/both big
nice -n 5 nice; env -i A=1 printenv; id -un; tty; test -t 0; echo "$? $SHLVL $((RANDOM >= 0)) ${BASH_VERSION%%.*}"
