package store

import (
	"gorm.io/gorm"

	"liandan/internal/id"
)

// SitesOf implements registry.Reader.
func (r *registryReader) SitesOf(p id.Party) ([]id.Site, error) {
	rows, err := gorm.G[siteRow](r.db).Where("party = ?", p).Order("id").Find(r.ctx)
	return each(rows, err, func(s siteRow) (id.Site, error) { return s.ID, nil })
}
