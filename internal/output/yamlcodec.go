package output

// yamlCodec writes one YAML document: a list is a sequence.
type yamlCodec struct {
	*out
	lex   lexer
	yaml  *yamlWriter
	count int
}

func newYAML(o *out) codec {
	y := &yamlWriter{w: o.w, terminal: o.Terminal}
	return &yamlCodec{out: o, yaml: y, lex: lexer{sink: y, whole: true}}
}

func (c *yamlCodec) object(d document) error {
	if err := distinct(d.raw); err != nil {
		return err
	}
	if err := c.copy(&c.lex, d); err != nil {
		return err
	}
	if err := c.lex.finish(); err != nil {
		return err
	}
	return c.yaml.end()
}

func (c *yamlCodec) item(d document) error {
	before := ","
	if c.count++; c.count == 1 {
		before = "["
	}
	if _, err := c.lex.Write([]byte(before)); err != nil {
		return err
	}
	if err := distinct(d.raw); err != nil {
		return err
	}
	return c.copy(&c.lex, d)
}

func (c *yamlCodec) end() error {
	last := "]"
	if c.count == 0 {
		last = "[]"
	}
	if _, err := c.lex.Write([]byte(last)); err != nil {
		return err
	}
	return c.yaml.end()
}
