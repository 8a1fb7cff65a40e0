package httpapi

import (
	"encoding/binary"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"liandan/internal/fault"
	"liandan/internal/merkle"
)

// The public log in the form of C2SP tlog-tiles: any client of that form can read and
// audit it. Everything here is public, also to pages of other origins.

const (
	maxLevel  = 5       // tlog-tiles: levels 0 to 5
	maxIndex  = 1 << 40 // which hold 2^48 leaves; more would overflow sums of sizes
	maxGroups = 5       // of three digits, enough for maxIndex
	octets    = "application/octet-stream"
	forEver   = "public, max-age=31536000, immutable"
	forAWhile = "public, max-age=3600" // a partial tile never changes, but is soon replaced
)

func public(c echo.Context, cache string) {
	c.Response().Header().Set("Access-Control-Allow-Origin", "*")
	c.Response().Header().Set("Cache-Control", cache)
}

func (f *face) checkpoint(c echo.Context) error {
	b, err := f.Log.Checkpoint(c.Request().Context())
	if err != nil {
		return err
	}
	public(c, "no-cache")
	return c.Blob(http.StatusOK, echo.MIMETextPlainCharsetUTF8, b)
}

func (f *face) vkey(c echo.Context) error {
	public(c, forAWhile)
	return c.String(http.StatusOK, f.Log.LogVKey()+"\n")
}

// succession is GET /log/succession. It is empty where the log has had one key.
func (f *face) succession(c echo.Context) error {
	b, err := f.Log.Succession(c.Request().Context())
	if err != nil {
		return err
	}
	public(c, "no-cache")
	return c.Blob(http.StatusOK, echo.MIMETextPlainCharsetUTF8, b)
}

// tile is GET /log/tile/<L>/<N>[.p/<W>].
func (f *face) tile(c echo.Context) error {
	level, ok := parseLevel(c.Param("level"))
	index, width, sound := parseTile(c.Param("*"))
	if !ok || !sound {
		return noTile()
	}
	b, err := f.Log.LogTile(c.Request().Context(), merkle.TileID{Level: level, Index: index}, width)
	if err != nil {
		return err
	}
	return sendTile(c, width, b)
}

// entries is GET /log/tile/entries/<N>[.p/<W>]: each entry behind its length in two
// bytes, big-endian.
func (f *face) entries(c echo.Context) error {
	index, width, ok := parseTile(c.Param("*"))
	if !ok {
		return noTile()
	}
	entries, err := f.Log.LogEntries(c.Request().Context(), index, width)
	if err != nil {
		return err
	}
	var b []byte
	for _, e := range entries {
		if len(e) > 1<<16-1 {
			return fault.New(fault.Damaged, "Entry bundle %d has an entry of %d bytes, which its form cannot hold.", index, len(e))
		}
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(e))), e...)
	}
	return sendTile(c, width, b)
}

func sendTile(c echo.Context, width int, b []byte) error {
	public(c, forAWhile)
	if width == merkle.TileWidth {
		public(c, forEver)
	}
	return c.Blob(http.StatusOK, octets, b)
}

func noTile() error {
	return fault.New(fault.NotFound, "There is no such tile. Paths are those of c2sp.org/tlog-tiles, such as /log/tile/0/x001/x234/067 or /log/tile/0/000.p/42.")
}

func parseLevel(s string) (int, bool) {
	if len(s) != 1 || s[0] < '0' || s[0] > '0'+maxLevel {
		return 0, false
	}
	return int(s[0] - '0'), true
}

// parseTile reads the one accepted spelling of a tile's number, in groups of three digits
// of which all but the last begin with x, and of a partial tile's width. The width of a
// full tile is 256.
func parseTile(path string) (index int64, width int, ok bool) {
	width = merkle.TileWidth
	if number, w, partial := strings.Cut(path, ".p/"); partial {
		var err error
		path = number
		width, err = strconv.Atoi(w)
		if err != nil || width < 1 || width >= merkle.TileWidth || strconv.Itoa(width) != w {
			return 0, 0, false
		}
	}
	groups := strings.Split(path, "/")
	if len(groups) > maxGroups || (len(groups) > 1 && groups[0] == "x000") {
		return 0, 0, false
	}
	for i, g := range groups {
		digits, marked := strings.CutPrefix(g, "x")
		if marked == (i == len(groups)-1) || len(digits) != 3 || strings.Trim(digits, "0123456789") != "" {
			return 0, 0, false
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			return 0, 0, false
		}
		index = index*1000 + n
	}
	return index, width, index < maxIndex
}
