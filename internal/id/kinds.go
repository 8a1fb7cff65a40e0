package id

import "github.com/google/uuid"

// UUID is the bare value under every id.
type UUID = uuid.UUID

// Parsers of each kind, for readers that take a func(string) (T, error).

// ParseBatch reads a batch id.
func ParseBatch(s string) (Batch, error) { return parse[batchKind](s) }

// ParseManifest reads a manifest id.
func ParseManifest(s string) (Manifest, error) { return parse[manifestKind](s) }

// ParseParty reads a party id.
func ParseParty(s string) (Party, error) { return parse[partyKind](s) }

// ParseSite reads a site id.
func ParseSite(s string) (Site, error) { return parse[siteKind](s) }

// ParsePerson reads a person id.
func ParsePerson(s string) (Person, error) { return parse[personKind](s) }

// ParseTrip reads a trip id.
func ParseTrip(s string) (Trip, error) { return parse[tripKind](s) }

// ParseEvent reads an event id.
func ParseEvent(s string) (Event, error) { return parse[eventKind](s) }

// ParseDevice reads a device id.
func ParseDevice(s string) (Device, error) { return parse[deviceKind](s) }

// ParseAccount reads the id of a person's account.
func ParseAccount(s string) (Account, error) { return parse[accountKind](s) }

// ParseClient reads the id of an API client.
func ParseClient(s string) (Client, error) { return parse[clientKind](s) }

// ParseGrant reads the id of an appointment, a secret or a grant.
func ParseGrant(s string) (Grant, error) { return parse[grantKind](s) }

// ParseBooking reads the id of a booking.
func ParseBooking(s string) (Booking, error) { return parse[bookingKind](s) }

// ParseReport reads the id of a kept report.
func ParseReport(s string) (Report, error) { return parse[reportKind](s) }

// ReportOf wraps a UUID as the id of a kept report.
func ReportOf(u UUID) Report { return Report{u} }

// BatchOf wraps a UUID as a batch id.
func BatchOf(u UUID) Batch { return Batch{u} }

// ManifestOf wraps a UUID as a manifest id.
func ManifestOf(u UUID) Manifest { return Manifest{u} }

// PartyOf wraps a UUID as a party id.
func PartyOf(u UUID) Party { return Party{u} }

// SiteOf wraps a UUID as a site id.
func SiteOf(u UUID) Site { return Site{u} }

// PersonOf wraps a UUID as a person id.
func PersonOf(u UUID) Person { return Person{u} }

// TripOf wraps a UUID as a trip id.
func TripOf(u UUID) Trip { return Trip{u} }

// EventOf wraps a UUID as a event id.
func EventOf(u UUID) Event { return Event{u} }

// DeviceOf wraps a UUID as a device id.
func DeviceOf(u UUID) Device { return Device{u} }

// AccountOf wraps a UUID as an account id.
func AccountOf(u UUID) Account { return Account{u} }

// ClientOf wraps a UUID as a client id.
func ClientOf(u UUID) Client { return Client{u} }

// GrantOf wraps a UUID as a grant id.
func GrantOf(u UUID) Grant { return Grant{u} }

// BookingOf wraps a UUID as a booking id.
func BookingOf(u UUID) Booking { return Booking{u} }
