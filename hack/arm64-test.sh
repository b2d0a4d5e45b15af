#!/bin/sh
# arm64-test.sh: the tests of what uses structs of the kernel, built for arm64 and run by qemu's user mode emulation. What that cannot
# do is left out, and said.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# run PACKAGE TESTS-LEFT-OUT WHY
run() {
	GOOS=linux GOARCH=arm64 CGO_ENABLED=0 go test -vet=off -c -o "$dir/test" "./$1"
	(cd "$1" && qemu-aarch64-static "$dir/test" -test.short -test.skip "^($2)\$" -test.timeout 10m)
	echo "arm64 $1: ok; left out: $(echo "$2" | tr '|' ' '): $3"
}

run prove/path 'TestNothingIsLeftOfAPathWhoseProcessIsKilled|TestWhatIsLeftOfAKilledProcessIsFound|TestWhatIsSentArrivesWhole.*|TestNothingOfTheMachineIsTouchedAndNothingIsLeft' \
	'they start their own program, which the kernel runs for arm64 with binfmt_misc alone'
run portcheck 'TestListeningNamesTheProcessOfEachSocket' 'it does not find its own socket in /proc there'
