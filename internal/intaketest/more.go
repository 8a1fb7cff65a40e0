package intaketest

import (
	"liandan/internal/id"
	"liandan/internal/party"
)

// UUID makes a version 7 UUID at the test's time.
func (w *World) UUID() id.UUID { return w.uuid() }

// SiteOf registers another site of an organisation.
func (w *World) SiteOf(p id.Party, name string) id.Site {
	s := id.SiteOf(w.uuid())
	w.Registry.sites[s] = party.Site{ID: s, Party: p, Name: name, Valid: party.Period{From: Start.AddDate(-1, 0, 0)}}
	return s
}
