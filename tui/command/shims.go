package command

func (c *call) tID(id string, args ...any) string { return c.tongue.T(id, args...) }

func (c *call) tellID(id string, args ...any) { c.words("%s\n", c.tID(id, args...)) }

func (c *call) failID(code int, id string, args ...any) error {
	return &failure{code: code, text: c.tID(id, args...)}
}
