package term

// BookingState names how far a wish for a pick-up is.
func BookingState(state string) Term { return of(bookingStates, state) }

// BookingReason names why something is to be fetched.
func BookingReason(why string) Term { return of(bookingReasons, why) }

// BookingSide names who made a booking.
func BookingSide(by string) Term { return of(bookingSides, by) }

// TripStatus names how far a trip is.
func TripStatus(status string) Term { return of(tripStatuses, status) }

// StopStatus names what became of a stop.
func StopStatus(status string) Term { return of(stopStatuses, status) }

// DraftState names what became of a draft.
func DraftState(state string) Term { return of(draftStates, state) }

var (
	bookingStates = map[string]Term{
		"asked":     {"待安排", "not planned yet"},
		"planned":   {"已排车次", "on a trip"},
		"withdrawn": {"已撤回", "withdrawn"},
		"done":      {"已收运", "collected"},
	}
	bookingReasons = map[string]Term{
		"regular":   {"定期收运", "regular round"},
		"drum_full": {"容器已满", "container full"},
		"urgent":    {"急", "urgent"},
	}
	bookingSides = map[string]Term{
		"source":    {"产废单位预约", "booked by the source"},
		"collector": {"收运单位代记", "noted down by the collector"},
	}
	tripStatuses = map[string]Term{
		"planned":   {"未出车", "not begun"},
		"under_way": {"途中", "under way"},
		"finished":  {"已完成", "finished"},
		"cancelled": {"已取消", "cancelled"},
	}
	stopStatuses = map[string]Term{
		"waiting":   {"待收", "to do"},
		"collected": {"已收", "collected"},
		"skipped":   {"已跳过", "skipped"},
	}
	draftStates = map[string]Term{
		"open":      {"起草中", "open"},
		"discarded": {"已丢弃", "discarded"},
		"issued":    {"已开出联单", "issued"},
	}
)
