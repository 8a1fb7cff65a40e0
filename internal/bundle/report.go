package bundle

import (
	"time"

	"liandan/internal/batch"
	"liandan/internal/event"
	"liandan/internal/id"
	"liandan/internal/manifest"
	"liandan/internal/mass"
	"liandan/internal/rule"
	"liandan/internal/waste"
)

// Verdict is the answer in one word.
type Verdict string

// The verdicts.
const (
	// Sound: everything that the file can prove was checked and holds.
	Sound Verdict = "sound"
	// Findings: a check does not hold, or grams are missing. The report names each.
	Findings Verdict = "findings"
	// Unchecked: nothing was found wrong, but not everything could be checked.
	Unchecked Verdict = "unchecked"
)

// ExitCode is what a program ends with: 0 sound, 1 findings, 2 could not check.
func (v Verdict) ExitCode() int {
	switch v {
	case Sound:
		return 0
	case Findings:
		return 1
	}
	return 2
}

// Difference is the finding that a batch's difference account is not empty at the end
// of its chain. It is judged by the books alone and needs no rule.
const Difference rule.Code = "difference-open"

// What a key's life has to say of an event that it signed. None of them needs a rule.
const (
	// KeyContested is the finding that an event lies between the loss of its key and the
	// report, or after both while the log did not know, and nobody admitted it.
	KeyContested rule.Code = "key-contested"
	// Admitted remarks that such an event counts because an authority said so.
	Admitted rule.Code = "ruling-admitted"
	// RevokedLater remarks that the key was revoked since, from a time after the event.
	RevokedLater rule.Code = "key-revoked-later"
	// EndedLater remarks that the key's time was cut since to one that the event is not in.
	EndedLater rule.Code = "key-ended-later"
)

// Where names a place in the file.
type Where struct {
	Seq   int64    `json:"seq"` // index in the log
	Event id.Event `json:"event,omitzero"`
}

// Line is one check: in Report.Lines its result over the whole file, in Report.Broken
// one place where it does not hold.
type Line struct {
	Check string `json:"check"`
	OK    bool   `json:"ok"`
	Count int    `json:"count"` // how many things were checked; 1 in Broken
	ZH    string `json:"zh"`
	EN    string `json:"en"`
	Where *Where `json:"where,omitempty"`
}

// Note is what the reader must know to weigh the verdict; it does not change it.
type Note struct {
	Code string `json:"code"`
	ZH   string `json:"zh"`
	EN   string `json:"en"`
}

// Step is one event of the story.
type Step struct {
	Seq        int64       `json:"seq"`
	At         time.Time   `json:"at"`          // signer's clock, with its offset
	RecordedAt time.Time   `json:"recorded_at"` // the log's clock
	Event      id.Event    `json:"event"`
	Type       event.Type  `json:"type"`
	Party      id.Party    `json:"party"`
	Batches    int         `json:"batches"` // of the subject
	Others     int         `json:"others"`  // named by the event, not in this file
	Grams      waste.Grams `json:"grams"`   // as the event states them, else as they were in custody
	Weighed    bool        `json:"weighed"` // the event states them
	Proven     bool        `json:"proven"`  // no check of this entry alone failed, and the checkpoint is the log's
}

// Final is where a batch stands at the end of its chain in the file.
type Final struct {
	State   batch.State  `json:"state"`
	Missing []event.Type `json:"missing"` // owed until the chain is closed
	Next    []batch.Step `json:"next"`
}

// Balance is an account over all batches of the file.
type Balance struct {
	Kind   mass.AccountKind `json:"account"`
	Party  id.Party         `json:"party"`
	Site   id.Site          `json:"site"`
	Code   waste.Code       `json:"code"`
	Method waste.Method     `json:"method,omitempty"`
	Grams  waste.Grams      `json:"grams"`
}

// Report is what Check found. Story, Finals, Manifest and Balances go as far as the
// chain could be replayed; they are proven only when Broken is empty.
type Report struct {
	Verdict Verdict `json:"verdict"`

	Grade batch.Grade `json:"grade,omitempty"` // the weakest of its batches'

	Kind    Kind      `json:"kind"`
	Subject string    `json:"subject"`
	MadeAt  time.Time `json:"made_at"` // the maker's word
	Origin  string    `json:"origin"`
	Size    int64     `json:"size"`
	Entries int       `json:"entries"`
	Keys    int       `json:"keys"`

	Statements int `json:"statements,omitzero"` // chapters of the keys' lives
	Rulings    int `json:"rulings,omitzero"`

	Pinned bool `json:"pinned"` // the log's key was brought by the caller

	Lines    []Line         `json:"checks"`
	Broken   []Line         `json:"broken"`
	Findings []rule.Finding `json:"findings"` // change the verdict
	Remarks  []rule.Finding `json:"remarks"`  // do not
	Notes    []Note         `json:"notes"`
	Skipped  []Note         `json:"unchecked"` // make a verdict of sound into unchecked

	Story  []Step  `json:"story"`
	Finals []Final `json:"batches"`
	// Corrections are those of all its batches, each once, in the log's order: what was signed
	// stands beside what was proposed, and who agreed.
	Corrections []batch.Correction `json:"corrections,omitempty"`
	Manifest    *manifest.State    `json:"manifest,omitempty"` // of a manifest's bundle
	Balances    []Balance          `json:"balances"`
}

// The checks, in the order of the report.
const (
	CheckForm       = "form"
	CheckCheckpoint = "checkpoint"
	CheckKeys       = "keys"
	CheckEntry      = "entry"
	CheckSignature  = "signature"
	CheckLife       = "key-life"
	CheckValidity   = "key-validity"
	CheckRulings    = "rulings"
	CheckGrounds    = "grounds"
	CheckSigner     = "signer"
	CheckInclusion  = "inclusion"
	CheckSubject    = "subject"
	CheckLinks      = "links"
	CheckSeen       = "seen"
	CheckStages     = "stages"
	CheckGrams      = "grams"
	CheckRules      = "rules"
)

// checks says what each check is, for the reader.
var checks = []struct{ code, zh, en string }{
	{CheckForm, "文件格式：条目按日志次序、公钥按指纹次序，事件不重复", "form: entries in the log's order, keys in order of kid, no event twice"},
	{CheckCheckpoint, "日志检查点：由日志密钥签名，名称和条数相符", "checkpoint: signed by the log's key, name and size as stated"},
	{CheckKeys, "公钥：写法唯一，指纹（RFC 7638）相符，各有用处", "keys: one spelling, kid is the RFC 7638 thumbprint, each signed something"},
	{CheckEntry, "日志条目：写法唯一，序号、事件散列和批次相符", "log entries: one spelling; index, SHA-256 of the event and its batches agree"},
	{CheckSignature, "事件签名：算法在允许之列，签名有效，内容严格可读", "event signatures: algorithm allowed, signature good, payload read strictly"},
	{CheckLife, "密钥经历：日志所记各章写法唯一、首尾相接，均在日志树中，与所列公钥一致", "key lives: the log's chapters have one spelling, follow one another, are in its tree and agree with the keys"},
	{CheckValidity, "密钥效期：签名时有效且未吊销", "key validity: valid and not revoked when signing"},
	{CheckRulings, "裁定：各有所指，由经历在册的密钥签署", "rulings: each decides on an event of the file and is signed by a key whose life is here"},
	{CheckGrounds, "代签依据：代小微源签名的每个事件，其授权（本单位签名，未撤回）或一次性码确认（日志所记）均在文件内，且涵盖该事件", "grounds: what was signed in a source's place rests on its signed authorisation, or on the log's confirmation of its code, and is covered by it"},
	{CheckSigner, "签名人：密钥的单位和经办人与事件一致", "signer: party and person of the key are those of the event"},
	{CheckInclusion, "包含证明：条目在检查点的日志树中", "inclusion: the entry is in the log's tree of the checkpoint"},
	{CheckSubject, "范围：每个条目都属于本批次或本联单", "subject: every entry belongs to this batch or manifest"},
	{CheckLinks, "批次链：自第 1 条起首尾相接，无缺漏，时间不倒退", "links: each batch's chain begins at 1, without gap or fork, and the log's clock never goes back"},
	{CheckSeen, "签名人所见：都是该批次此前的条目", "seen: what a signer had seen is an earlier entry of the batch"},
	{CheckStages, "环节次序：重放每个事件，均可在其前一环节之后发生", "stages: replayed, each event may follow the one before"},
	{CheckGrams, "质量：每笔记账借贷相抵，结存与在手质量一致", "grams: every posting sums to zero and the balances are what is in custody"},
	{CheckRules, "规则：重量不符等发现", "rules: findings such as weights that differ"},
}
