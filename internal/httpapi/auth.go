package httpapi

import (
	"strings"

	"github.com/labstack/echo/v4"

	"liandan/internal/fault"
	"liandan/internal/registry"
)

// asked is a handler that knows who asks.
type asked func(echo.Context, registry.Principal) error

// known lets in who has a valid token (RFC 6750).
func (f *face) known(next asked) echo.HandlerFunc {
	return func(c echo.Context) error {
		scheme, token, _ := strings.Cut(c.Request().Header.Get(echo.HeaderAuthorization), " ")
		if !strings.EqualFold(scheme, "Bearer") || token == "" {
			return fault.New(fault.Unauthorized, "Send the header Authorization: Bearer with a token of this server.")
		}
		p, err := f.Registry.Authenticate(c.Request().Context(), strings.TrimSpace(token))
		if err != nil {
			return err
		}
		return next(c, p)
	}
}

// operator lets in who runs the service.
func (f *face) operator(next asked) echo.HandlerFunc {
	return f.known(func(c echo.Context, p registry.Principal) error {
		if !p.Operator {
			return fault.New(fault.Forbidden, "This needs the operator's token.")
		}
		return next(c, p)
	})
}
