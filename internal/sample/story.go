package sample

import (
	"fmt"
	"slices"
	"strings"

	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/sampling"
	"liandan/internal/waste"
)

// Story is what a played day has to show.
type Story struct {
	Day Day

	Sent    int // events sent, the same bytes counted each time
	New     int // that are in the log now and were not before
	Repeats int // answered with the first receipt once more
	Held    int // answered with "kept for later"
	// Findings counts what the rules said, by rule.
	Findings map[string]int

	Batches, Manifests int
	Generated          waste.Grams // in every container closed; ash arises in treatment and is counted as Ash
	Accepted           waste.Grams // by every consignee; what the collector sends on counts at the plant too
	Refused            waste.Grams // left with the carrier
	Treated            waste.Grams // put into treatment, residue and ash included
	Residue            waste.Grams // what treatment left and is hazardous no more
	Ash                waste.Grams // what the furnace left, in containers again
	Difference         waste.Grams // lost (plus) or gained (minus) between weighings

	Batch          id.Batch // its whole chain is there, from the ward to the report
	Label          event.Label
	Manifest       id.Manifest // of that batch
	Partial        id.Manifest // accepted in part
	PartialBatch   id.Batch    // the line that was
	Late           id.Batch    // carried by the phone that was out of reach
	LateManifest   id.Manifest
	Onward         id.Batch        // accepted by the collector and sent on to the plant
	OnwardManifest id.Manifest     // its second one
	Waiting        id.Batch        // closed in the evening, for tomorrow's vehicle
	Repacked       id.Batch        // of two batches, at the depot
	SentBack       id.Manifest     // refused whole, and home again
	Slip           id.Manifest     // entered from paper; nobody has brought the scan
	Lists          []sampling.List // of the day's draws, to be handed in
	Short          id.Batch        // lost an eighth of its weight on the way
	Unverified     id.Batch        // its code is in no table
	Estimated      id.Batch        // by eye, then weighed by the collector
}

// Add joins a later day's figures to this story; the things to show are the later day's.
func (s Story) Add(next Story) Story {
	sum := next
	sum.Lists = append(slices.Clone(s.Lists), next.Lists...)
	sum.Sent += s.Sent
	sum.New += s.New
	sum.Repeats += s.Repeats
	sum.Held += s.Held
	sum.Findings = map[string]int{}
	for _, from := range []map[string]int{s.Findings, next.Findings} {
		for rule, n := range from {
			sum.Findings[rule] += n
		}
	}
	sum.Batches += s.Batches
	sum.Manifests += s.Manifests
	sum.Generated += s.Generated
	sum.Accepted += s.Accepted
	sum.Refused += s.Refused
	sum.Treated += s.Treated
	sum.Residue += s.Residue
	sum.Ash += s.Ash
	sum.Difference += s.Difference
	return sum
}

// Stock is what the day leaves in the stores: at the collector's depot, for the most part.
func (s Story) Stock() waste.Grams {
	return s.Generated + s.Ash - s.Treated - s.Refused - s.Difference
}

// Summary tells the day in two languages.
func (s Story) Summary() string {
	return fmt.Sprintf(`样例日 %s：%d 批废物，%d 份联单；发送 %d 次，新入账 %d 条事件，重复 %d 次（收据不变），暂存待补 %d 次
  产生 %s kg，接受 %s kg（转运的计两次），部分拒收 %s kg，已处置 %s kg，在库 %s kg，复秤差 %s kg
Sample day %s: %d batches, %d manifests; sent %d times, %d new events, %d repeats (same receipt), %d kept for later
  generated %s kg, accepted %s kg (what was sent on counts twice), refused %s kg, treated %s kg, in store %s kg, lost between weighings %s kg
`,
		s.Day, s.Batches, s.Manifests, s.Sent, s.New, s.Repeats, s.Held,
		s.Generated.Kilograms(), s.Accepted.Kilograms(), s.Refused.Kilograms(), s.Treated.Kilograms(), s.Stock().Kilograms(), s.Difference.Kilograms(),
		s.Day, s.Batches, s.Manifests, s.Sent, s.New, s.Repeats, s.Held,
		s.Generated.Kilograms(), s.Accepted.Kilograms(), s.Refused.Kilograms(), s.Treated.Kilograms(), s.Stock().Kilograms(), s.Difference.Kilograms())
}

// ThreeThings says what to try: scan, check, tamper. base is the server's address, token a
// reader's bearer token, data the folder with the SQLite file of that name, or "" where
// the store is no file. file is the SQLite file.
func (s Story) ThreeThings(base, token, data, file string) string {
	get := fmt.Sprintf("curl -s -H 'Authorization: Bearer %s' %s/v1", token, strings.TrimRight(base, "/"))
	var b strings.Builder
	fmt.Fprintf(&b, `可以试三件事 · Three things to try

1. 扫码：陌生人只看到危害、怎么办、找谁 · Scan: a stranger sees the hazard, what to do and whom to call
   %s/q/%s

2. 离线核验一批废物的全链证据 · Check one batch's whole chain with no server
   %s/batches/%s/bundle > batch.json
   liandan-verify batch.json
   部分接受的联单（复秤差列为发现） · the manifest accepted in part (weights that differ are findings):
   %s/manifests/%s/bundle | liandan-verify -
   离线手机补传的批次 · the batch of the late phone:
   %s/batches/%s/bundle | liandan-verify -

3. 篡改一处，看它被发现 · Tamper, and see it found
   sed 's/recorded_at\([^0-9]*\)20/recorded_at\121/' batch.json | liandan-verify -
`, strings.TrimRight(base, "/"), s.Label, get, s.Batch, get, s.Partial, get, s.Late)
	if file != "" {
		fmt.Fprintf(&b, `   sqlite3 %s "UPDATE postings SET grams = grams - 1000 WHERE batch = '%s' AND kind = 'held' AND grams > 0"
   liandan check --data %s
`, quoted(file), s.PartialBatch, quoted(data))
	}
	return b.String()
}

// quoted writes a path for a shell.
func quoted(path string) string {
	if strings.Trim(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-") == "" {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
