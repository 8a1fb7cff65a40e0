package account

// Occupy takes all leave to hash, for tests of a busy server.
func (s *Service) Occupy() (free func()) {
	for range hashesAtOnce {
		s.slots <- struct{}{}
	}
	return func() {
		for range hashesAtOnce {
			<-s.slots
		}
	}
}

// Queue is how many may wait.
const Queue = hashesWait

// ReadPHC says whether a kept password can be read.
func ReadPHC(s string) (memory uint32, ok bool) {
	h, err := parsePHC(s)
	return h.memory, err == nil
}
