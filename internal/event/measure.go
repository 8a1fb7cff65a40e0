package event

// TakesOut says of a type that the grams on its lines are taken out of their batches, and
// do not weigh what is there.
func TakesOut(t Type) bool {
	return t == BatchTreated || t == BatchRepacked || t == IncidentReported
}

// Measurement is how an event knows the grams on its lines, and the number of the scale;
// both are empty where it does not say.
func (e Event) Measurement() (Measured, string) {
	switch d := e.Data.(type) {
	case Generated:
		return d.Measured, d.Scale
	case Collected:
		return d.Measured, d.Scale
	case Accepted:
		return d.Measured, d.Scale
	case Refused:
		return d.Measured, d.Scale
	case Treated:
		return d.Measured, d.Scale
	case Backfilled:
		return d.Measured, d.Scale
	case Metered:
		return OnScale, d.Meter
	}
	return "", ""
}
