package batch

import (
	"liandan/internal/event"
	"liandan/internal/fault"
	"liandan/internal/id"
)

// The way inside a house: rooms, stores, containers.

// applyStored notes the room and the first storing. A batch at a transfer point stays at
// that point.
func (s State) applyStored(e event.Event, d event.Stored) State {
	if s.Site, s.Room = e.Site, d.Place; s.Stage != AtPoint {
		s.Stage = Stored
	}
	if s.StoredAt == 0 {
		s.StoredAt = e.At.UnixMilli()
	}
	return s
}

// emptied notes when the container was free again.
func (s State) emptied(e event.Event) State {
	if s.EmptiedAt == 0 {
		s.EmptiedAt = e.At.UnixMilli()
	}
	return s
}

// inheritHouse takes over what a child has of one more parent: the earliest storing, for
// the clock goes on; where all parents were, and "" where they differ; and isolation where
// any parent has it.
func (s State) inheritHouse(p State) State {
	if s.StoredAt == 0 || p.StoredAt > 0 && p.StoredAt < s.StoredAt {
		s.StoredAt = p.StoredAt
	}
	if s.Department != p.Department {
		s.Department = ""
	}
	if s.Room != p.Room {
		s.Room = ""
	}
	s.Isolation = s.Isolation || p.Isolation
	return s
}

// leaves is the room that an event hands the batch out of; "" when it names none. A small
// institution without a store names none.
func leaves(e event.Event) string {
	switch d := e.Data.(type) {
	case event.Released:
		return d.From
	case event.Issued:
		return d.From
	}
	return ""
}

// checkRoom refuses to let a store hand out what it did not receive.
func (s State) checkRoom(e event.Event, b id.Batch) error {
	room := leaves(e)
	switch {
	case room == "":
		return nil
	case e.Site != s.Site:
		return s.refuse(fault.WrongStage, b, "The batch is not at this site; its %q cannot hand it out.", room)
	case s.Room == "":
		return s.refuse(fault.WrongStage, b, "%q has not received the batch, so it cannot hand it out; sign its batch.received or batch.stored there first.", room)
	case s.Room != room:
		return s.refuse(fault.WrongStage, b, "The batch is in %q; %q has not received it and cannot hand it out.", s.Room, room)
	}
	return nil
}

// turnoverBox is a container that is emptied and used again (HJ 421-2008).
const turnoverBox = "turnover_box"

// Box is the number of the turnover box that the batch is in; "" where it is in none.
func (s State) Box() string {
	if s.Packaging != turnoverBox {
		return ""
	}
	return s.Container
}
