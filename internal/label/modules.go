package label

import (
	"fmt"

	qrcode "github.com/skip2/go-qrcode"
)

// Modules is a QR code (error correction M) that holds a text, row by row, with the quiet
// zone around it; true is dark. It is for drawing on a page.
func Modules(text string) ([][]bool, error) {
	code, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return nil, fmt.Errorf("label: %w", err)
	}
	return code.Bitmap(), nil
}
