package event

import (
	"errors"
	"fmt"
	"regexp"

	"liandan/internal/crockford"
	"liandan/internal/id"
	"liandan/internal/waste"
)

// A presence says whether a member belongs to a type.
type presence int

const (
	absent presence = iota
	allowed
	needed
)

// A shape is the closed schema of one type, beyond the common members.
type shape struct {
	manifest   presence
	trip       presence
	maxBatches int  // 0: no member "batches"
	unbatched  bool // there may be no batch at all
	first      bool // the batch begins here: seen must be null
	grams      presence
	refs       bool // at least one reference is required
	batch      func(*reader, *Batch)
	data       func(*reader) Data
	whole      func(*reader, *Event) // what holds between lines and data
}

// shapes is the table of section 4 of the design; openapi.yaml carries the same
// schemas and a test holds the two together.
var shapes = map[Type]shape{
	UseRecorded:         {data: readUse},
	BatchGenerated:      {maxBatches: 1, first: true, grams: needed, data: readGenerated, whole: classified},
	BatchRepacked:       {maxBatches: MaxBatches, grams: needed, data: readRepacked, whole: balanced},
	BatchReleased:       {maxBatches: MaxBatches, grams: allowed, data: readReleased},
	BatchReceived:       {maxBatches: MaxBatches, grams: allowed, refs: true, data: readReceived},
	BatchStored:         {maxBatches: MaxBatches, grams: allowed, data: readStored},
	ManifestIssued:      {manifest: needed, maxBatches: MaxBatches, grams: needed, data: readIssued},
	ManifestCancelled:   {manifest: needed, maxBatches: MaxBatches, refs: true, data: readCancelled},
	TransportCollected:  {manifest: needed, trip: allowed, maxBatches: MaxBatches, grams: needed, refs: true, data: readCollected},
	TransportHandedOver: {manifest: needed, trip: allowed, maxBatches: MaxBatches, grams: allowed, refs: true, data: readHandedOver},
	TransportDelivered:  {manifest: needed, trip: allowed, maxBatches: MaxBatches, grams: allowed, refs: true, data: readDelivered},
	ManifestAccepted:    {manifest: needed, maxBatches: MaxBatches, grams: needed, refs: true, batch: readVerdict, data: readAccepted, whole: distinctRests},
	ManifestRefused:     {manifest: needed, maxBatches: MaxBatches, grams: needed, refs: true, batch: readReason, data: readRefused},
	TransportReturned:   {manifest: needed, maxBatches: MaxBatches, grams: allowed, refs: true, data: readReturned},
	BatchTreated:        {maxBatches: MaxBatches, grams: needed, batch: readResidue, data: readTreated, whole: residueWhole},
	OutcomeReported:     {manifest: needed, maxBatches: MaxBatches, refs: true, data: readOutcome},
	MeterRecorded:       {manifest: needed, maxBatches: 1, grams: needed, refs: true, data: readMetered},
	PaperBackfilled:     {manifest: needed, maxBatches: MaxBatches, grams: needed, batch: readPaperLine, data: readBackfilled, whole: attested},
	IncidentReported:    {maxBatches: MaxBatches, unbatched: true, grams: allowed, data: readIncident, whole: nothingFound},
	RulingRecorded:      {refs: true, data: readRuling},
	InspectionRecorded:  {data: readInspection},
	SampleDrawn:         {data: readSample},
	ManifestNumbered:    {manifest: needed, maxBatches: MaxBatches, data: readNumbered},
	CorrectionProposed:  {manifest: allowed, maxBatches: MaxBatches, refs: true, data: readCorrection, whole: single},
	CorrectionAgreed:    {manifest: allowed, maxBatches: MaxBatches, refs: true, data: readConsent, whole: single},
	CorrectionDeclined:  {manifest: allowed, maxBatches: MaxBatches, refs: true, data: readDissent, whole: single},

	AuthorisationGiven:     {data: readAuthorisation},
	AuthorisationWithdrawn: {data: readWithdrawal},
	StopSkipped:            {trip: needed, data: readSkipped},
	BatterySold:            {data: readSold},
	BatteryTakenBack:       {data: readTakenBack},
}

// Use is use.recorded: what a department used, from which waste is expected.
type Use struct {
	Item         string
	Kind         string // product or material
	Quantity     int64
	Unit         string // piece, g or ml
	Department   string
	ExpectsCode  waste.Code
	ExpectsGrams waste.Grams
}

// Generated is batch.generated: a container was closed (HJ 1259-2022 annex B.1).
type Generated struct {
	Code       waste.Code
	Form       waste.Form
	Packaging  waste.Packaging
	Measured   Measured
	Scale      string // the scale's own number
	Department string
	Container  string // digital code of the container, as printed on it
	Label      Label  // token of the printed label, made by the device
	Name       string // the unit's own name for the waste
	Isolation  bool   // of patients in isolation (医疗废物管理条例 and its 管理办法: double bags, specially labelled)
	Layers     int    // of bags, 1 or 2 (双层); 0: not given
	Behalf     Behalf
}

// Released is batch.released: given to a person or towards a site of the same party.
type Released struct {
	To     id.Person
	ToSite id.Site
	From   string // the department or room that it leaves; it must be there
}

// Received is batch.received: taken over from a release of the same party.
type Received struct{ Place string }

// Stored is batch.stored: put into a temporary store.
type Stored struct {
	Place          string
	TemperatureDC  int64 // tenths of a degree Celsius
	HasTemperature bool
}

// Issued is manifest.issued: the consignor's part of the manifest (Order 23 art. 10).
type Issued struct {
	Profile       string // a name of package profile's book
	Carrier       id.Party
	Consignee     id.Party
	ConsigneeSite id.Site
	Method        waste.Method // intended
	Number        string       // the national 14-digit number where it is known already
	From          string       // the store that hands it out; it must be there
	Exempt        Exempt
	Behalf        Behalf
}

// Collected is transport.collected: the carrier took over (Order 23 art. 11).
type Collected struct {
	Vehicle     string
	Permit      string
	Measured    Measured // "" when not said: the weight is the consignor's
	Scale       string
	Reservation Reservation
}

// Delivered is transport.delivered: the carrier stands at the consignee's site.
type Delivered struct {
	Vehicle     string
	Reservation Reservation
}

// Accepted is manifest.accepted: the consignee's part (Order 23 art. 12).
type Accepted struct {
	Measured Measured
	Scale    string
}

// Treated is batch.treated: used or disposed of by a method.
type Treated struct {
	Method   waste.Method
	Facility string
	Measured Measured // "" when not said
	Scale    string
	Residues []Child // batches that begin with the residue; together the residue grams of the lines
}

// Outcome is outcome.reported: the result told to the consignor (Order 23 art. 12).
type Outcome struct{ Result string }

// Ruling is ruling.recorded: an authority decides whether an event counts that was signed
// between the loss of a device and its report. It belongs to no batch's chain, so that an
// event can be ruled on before its batch exists.
type Ruling struct {
	Event   id.Event // the one decided on; also the event's reference
	Hash    id.Hash  // of its compact JWS: of two under one id, this one is meant
	Verdict RulingVerdict
	Reason  string
}

// RulingVerdict is what an authority decides.
type RulingVerdict string

// The verdicts of ruling.recorded.
const (
	Admit  RulingVerdict = "admit"
	Reject RulingVerdict = "reject"
)

func (Use) of() Type       { return UseRecorded }
func (Generated) of() Type { return BatchGenerated }
func (Released) of() Type  { return BatchReleased }
func (Received) of() Type  { return BatchReceived }
func (Stored) of() Type    { return BatchStored }
func (Issued) of() Type    { return ManifestIssued }
func (Collected) of() Type { return TransportCollected }
func (Delivered) of() Type { return TransportDelivered }
func (Accepted) of() Type  { return ManifestAccepted }
func (Treated) of() Type   { return BatchTreated }
func (Outcome) of() Type   { return OutcomeReported }
func (Ruling) of() Type    { return RulingRecorded }

const maxText = 64

func readUse(r *reader) Data {
	defer r.close()
	d := Use{
		Item:        r.text("item", true, maxText),
		Kind:        oneOf(r, "kind", true, "product", "material"),
		Unit:        oneOf(r, "unit", true, "piece", "g", "ml"),
		Department:  r.text("department", false, maxText),
		ExpectsCode: parsed(r, "expects_code", false, waste.ParseCode),
	}
	d.Quantity, _ = r.integer("quantity", true, 1, 1_000_000_000)
	g, _ := r.integer("expects_grams", false, 1, int64(waste.MaxBatch))
	d.ExpectsGrams = waste.Grams(g)
	return d
}

func readGenerated(r *reader) Data {
	defer r.close()
	return Generated{
		Code:       parsed(r, "code", true, waste.ParseCode),
		Form:       parsed(r, "form", true, waste.ParseForm),
		Packaging:  parsed(r, "packaging", true, waste.ParsePackaging),
		Measured:   oneOf(r, "measured", true, OnScale, Estimated),
		Scale:      r.text("scale", false, 32),
		Department: r.text("department", false, maxText),
		Container:  r.text("container", false, maxText),
		Label:      parsed(r, "label", false, ParseLabel),
		Name:       r.text("name", false, maxText),
		Isolation:  r.flag("isolation"),
		Layers:     readLayers(r),
		Behalf:     readBehalf(r),
	}
}

func readReleased(r *reader) Data {
	defer r.close()
	return Released{To: parsed(r, "to", false, id.ParsePerson), ToSite: parsed(r, "to_site", false, id.ParseSite), From: r.text("from", false, maxText)}
}

func readReceived(r *reader) Data {
	defer r.close()
	return Received{Place: r.text("place", false, maxText)}
}

func readStored(r *reader) Data {
	defer r.close()
	d := Stored{Place: r.text("place", true, maxText)}
	d.TemperatureDC, d.HasTemperature = r.integer("temperature_dc", false, -500, 1000)
	return d
}

func readIssued(r *reader) Data {
	defer r.close()
	return Issued{
		Profile:       parsed(r, "profile", true, ParseProfile),
		Carrier:       parsed(r, "carrier", true, id.ParseParty),
		Consignee:     parsed(r, "consignee", true, id.ParseParty),
		ConsigneeSite: parsed(r, "consignee_site", true, id.ParseSite),
		Method:        parsed(r, "method", false, waste.ParseMethod),
		Number:        parsed(r, "number", false, ParseNumber),
		From:          r.text("from", false, maxText),
		Exempt:        readExempt(r),
		Behalf:        readBehalf(r),
	}
}

func readCollected(r *reader) Data {
	defer r.close()
	return Collected{Vehicle: r.text("vehicle", true, 16), Permit: r.text("permit", false, 32),
		Measured: oneOf(r, "measured", false, OnScale, Estimated), Scale: r.text("scale", false, 32), Reservation: readReservation(r)}
}

func readDelivered(r *reader) Data {
	defer r.close()
	return Delivered{Vehicle: r.text("vehicle", true, 16), Reservation: readReservation(r)}
}

func readAccepted(r *reader) Data {
	defer r.close()
	return Accepted{Measured: oneOf(r, "measured", true, OnScale, Estimated), Scale: r.text("scale", false, 32)}
}

func readTreated(r *reader) Data {
	defer r.close()
	d := Treated{Method: parsed(r, "method", true, waste.ParseMethod), Facility: r.text("facility", false, maxText),
		Measured: oneOf(r, "measured", false, OnScale, Estimated), Scale: r.text("scale", false, 32)}
	d.Residues = readChildren(r, "residues", false)
	return d
}

func readOutcome(r *reader) Data {
	defer r.close()
	return Outcome{Result: r.text("result", true, maxText)}
}

func readRuling(r *reader) Data {
	defer r.close()
	return Ruling{Event: parsed(r, "event", true, id.ParseEvent), Hash: parsed(r, "hash", true, id.ParseHash),
		Verdict: oneOf(r, "verdict", true, Admit, Reject), Reason: r.text("reason", true, 200)}
}

func readVerdict(r *reader, b *Batch) {
	b.Verdict = oneOf(r, "verdict", true, Whole, Part)
	b.Reason = r.text("reason", b.Verdict == Part, 200)
	g, given := r.integer("refused_grams", b.Verdict == Part, 1, int64(waste.MaxBatch))
	b.RefusedGrams = waste.Grams(g)
	if b.Verdict == Whole && given {
		r.note("refused_grams", "not_allowed", "belongs to a line accepted in part only")
	}
	if b.Rest = parsed(r, "rest", false, id.ParseBatch); b.Verdict == Whole && !b.Rest.IsZero() {
		r.note("rest", "not_allowed", "belongs to a line accepted in part only")
	}
}

func readResidue(r *reader, b *Batch) {
	g, _ := r.integer("residue_grams", false, 0, int64(waste.MaxBatch))
	b.ResidueGrams = waste.Grams(g)
	if b.Weighed && b.ResidueGrams > b.Grams {
		r.note("residue_grams", "out_of_range", "must not be more than the grams treated")
	}
}

var profileName = regexp.MustCompile(`^[a-z][a-z0-9-]{1,31}$`)

// ParseProfile reads the name of a profile; whether there is one of that name is for the
// book of the date to say.
func ParseProfile(s string) (string, error) {
	if !profileName.MatchString(s) {
		return "", fmt.Errorf("must be the name of a profile: 2 to 32 lower-case letters, digits and hyphens")
	}
	return s, nil
}

var nationalNumber = regexp.MustCompile(`^20\d{12}$`)

// ParseNumber reads the 14 digits of a national manifest number: year, province,
// city, six-digit serial (Order 23 art. 15).
func ParseNumber(s string) (string, error) {
	if !nationalNumber.MatchString(s) {
		return "", fmt.Errorf("must be the 14 digits of a national manifest number, beginning with the year")
	}
	return s, nil
}

// Label is the token on a printed label: 26 characters of 130 random bits in
// Crockford's base 32 and one check character, so that a mistyped token is told
// from an unknown one.
type Label string

const labelLength = 26

// ErrMistyped says that a label token fails its check character or its alphabet.
var ErrMistyped = errors.New("the label's code is mistyped: its check character does not fit")

// NewLabel writes 26 base-32 digits, 5 bits of each random byte, with their check
// character. The caller brings the randomness.
func NewLabel(random [labelLength]byte) Label { return Label(crockford.Write(random[:])) }

// ParseLabel reads a token as a person would mean it; see crockford.Read.
func ParseLabel(s string) (Label, error) {
	code, ok := crockford.Read(s, labelLength)
	if !ok {
		return "", ErrMistyped
	}
	return Label(code), nil
}
