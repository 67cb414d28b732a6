package store

import "recado/store/trust"

// What is said of files that are not to be trusted, by its old names.
type (
	TrustError = trust.Error
	Distrust   = trust.Distrust
)

const (
	Exposed   = trust.Exposed
	Foreign   = trust.Foreign
	Swappable = trust.Swappable
	Crossed   = trust.Crossed
	Irregular = trust.Irregular
)

var (
	Way      = trust.Way
	Private  = trust.Private
	Plain    = trust.Plain
	UserName = trust.UserName
)
