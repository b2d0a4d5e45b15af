#!/bin/sh
# verdict.sh FORMER CANARY: whether a new version may go on to all hosts, by numbers. FORMER and CANARY are the URLs of two hosts
# with the former and with the new version; both are put under the same load. PROMETHEUS is the address of Prometheus, and
# INSTANCES a regular expression for the canary's instances there.
#   0  shown: no alert fires, no request failed, and no figure is worse than by the factor LIMIT, with 95 % confidence
#   2  worse, or an alert fires
#   4  not shown: the figures scatter too much (more ROUNDS help), the load generator was at its own limit (a lower
#      RATE), or no target of INSTANCES answers Prometheus, so that no alert would fire
# and anything else: it could not be found out.
set -eu

former=$1 canary=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

load() {
	tcptune bench "$1" --rate "${RATE:-1000}" --duration "${DURATION:-20s}" --rounds "${ROUNDS:-10}" --assert 'errors==0' --json
}
load "$former" >"$work/former.json"
load "$canary" >"$work/canary.json"
tcptune bench compare "$work/former.json" "$work/canary.json"
tcptune bench compare "$work/former.json" "$work/canary.json" --json >"$work/compared.json"

# A rate may not fall, a latency may not grow.
said=$(jq --raw-output --exit-status --slurp --argjson limit "${LIMIT:-1.25}" '
	any(.[].bench; .generator_saturated) as $own |
	[.[0].bench.compared[] | {verdict, held: (.low != null and .high != null and
		if .metric == "rate_per_s" then .low >= 1 / $limit else .high <= $limit end)}] |
	if $own then "not shown: the generator was saturated"
	elif any(.verdict == "worse" and (.held | not)) then "worse"
	elif length > 0 and all(.held) then "held"
	else "not shown" end' "$work/compared.json" "$work/former.json" "$work/canary.json")

# Asked after the load, which is what raises an alert. In back-quotes PromQL takes a backslash as it is.
curl --fail --silent --show-error --get "$PROMETHEUS/api/v1/query" --output "$work/alerts.json" --data-urlencode \
	"query=ALERTS{alertstate=\"firing\",instance=~\`$INSTANCES\`} or absent(up{instance=~\`$INSTANCES\`} == 1)"
alerts=$(jq --raw-output --exit-status '
	if .status != "success" then error("Prometheus did not answer the query") else . end |
	[.data.result[] | .metric.alertname // "unseen"] | unique | join(", ")' "$work/alerts.json")

case $alerts in
"") ;;
unseen) said="not shown: no target of $INSTANCES answers Prometheus" ;;
*)
	echo "verdict: firing: $alerts" >&2
	exit 2
	;;
esac
echo "verdict: $said" >&2
case $said in
held) ;;
worse) exit 2 ;;
*) exit 4 ;;
esac
