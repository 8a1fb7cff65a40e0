package fault

// The kinds. Package problem holds one row for each; a test says so.
const (
	// The document
	TooLarge       Kind = "too-large"
	TooManyLines   Kind = "too-many-lines"
	MediaType      Kind = "media-type"
	MalformedJWS   Kind = "malformed-jws"
	AlgNotAllowed  Kind = "alg-not-allowed"
	HeaderMember   Kind = "header-member"
	MalformedEvent Kind = "malformed-event"  // not strict JSON: repeated member, bad UTF-8, trailing data
	InvalidEvent   Kind = "invalid-event"    // strict JSON, but members break the type's schema
	UnknownType    Kind = "unknown-type"     // no such event type
	UnknownProfile Kind = "unknown-profile"  // no transfer profile of that name at that date
	InvalidRequest Kind = "invalid-request"  // a body or parameter other than an event
	UploadCutShort Kind = "upload-cut-short" // the connection ended inside a line
	InvalidImport  Kind = "invalid-import"

	// The signer
	UnknownKey     Kind = "unknown-key"
	KeyOfOther     Kind = "key-of-another-party"
	KeyNotYetValid Kind = "key-not-yet-valid"
	KeyExpired     Kind = "key-expired"
	KeyRevoked     Kind = "key-revoked"
	KeyContested   Kind = "key-contested" // signed between the loss and its report; kept in quarantine
	BadSignature   Kind = "bad-signature"
	UnknownSite    Kind = "unknown-site"
	RoleMissing    Kind = "role-missing"

	// Who asks
	SignInRefused      Kind = "sign-in-refused"      // never says which part was wrong
	SecondFactorNeeded Kind = "second-factor-needed" // the password is right; a code must come with it
	InvitationRefused  Kind = "invitation-refused"   // the one-time code of an account
	ForgedRequest      Kind = "forged-request"       // no or a wrong CSRF token, or another site's form
	WeakPassword       Kind = "weak-password"
	TooManyAttempts    Kind = "too-many-attempts" // 429, Retry-After
	QuotaExceeded      Kind = "quota-exceeded"    // 429, Retry-After

	// The chain
	IDReused     Kind = "id-reused"
	WrongStage   Kind = "wrong-stage"   // kept in quarantine
	NotCustodian Kind = "not-custodian" // kept in quarantine
	SeenUnknown  Kind = "seen-unknown"  // kept in quarantine
	LabelTaken   Kind = "label-taken"

	// The registry and enrolment
	InvalidCreditCode Kind = "invalid-credit-code"
	Conflict          Kind = "conflict"
	EnrolmentRefused  Kind = "enrolment-refused"

	// Reading
	Unauthorized     Kind = "unauthorized"
	Forbidden        Kind = "forbidden"
	NotFound         Kind = "not-found"
	MethodNotAllowed Kind = "method-not-allowed"
	LabelMistyped    Kind = "label-mistyped"
	LabelUnknown     Kind = "label-unknown"
	LabelRevoked     Kind = "label-revoked"

	// The machine
	Unavailable Kind = "unavailable"
	Overloaded  Kind = "overloaded"
	Damaged     Kind = "damaged"
	Internal    Kind = "internal"
)

// Kinds lists every kind, for the table test.
func Kinds() []Kind {
	return []Kind{
		TooLarge, TooManyLines, MediaType, MalformedJWS, AlgNotAllowed, HeaderMember, MalformedEvent,
		InvalidEvent, UnknownType, UnknownProfile, InvalidRequest, UploadCutShort, InvalidImport,
		UnknownKey, KeyOfOther, KeyNotYetValid, KeyExpired, KeyRevoked, KeyContested, BadSignature, UnknownSite, RoleMissing,
		IDReused, WrongStage, NotCustodian, SeenUnknown, LabelTaken,
		SignInRefused, SecondFactorNeeded, InvitationRefused, ForgedRequest, WeakPassword, TooManyAttempts, QuotaExceeded,
		InvalidCreditCode, Conflict, EnrolmentRefused,
		Unauthorized, Forbidden, NotFound, MethodNotAllowed, LabelMistyped, LabelUnknown, LabelRevoked,
		Unavailable, Overloaded, Damaged, Internal,
	}
}
