package secret

// pairClass is what the string at the beginning of b, the name in a pair, says
// about the value.
func pairClass(b []byte) class {
	if at(b, 0) != '"' {
		return 0
	}
	raw := b[:StringEnd(b, 0)]
	if len(raw) > 6*maxName+2 { // an escape has at most six bytes for one
		return 0
	}
	name := content(raw)
	if len(name) > maxName || !all(name, isPairByte) {
		return 0
	}
	return classify(name) &^ (pairName | pairValue | wordName)
}

// isPairByte: the names in pairs are words, also with blanks.
func isPairByte(c byte) bool {
	return kinds[c]&kindName != 0 || c == ' ' || c >= 0x80
}

// pairAhead looks for the name of a pair whose value comes first. It looks only
// a little way, so that a document of such values is not read again and again.
func (d *document) pairAhead() (c class) {
	window := d.in[d.pos:min(len(d.in), d.pos+1024)]
	i := skipValue(window, 0)
	for {
		i = skipSpace(window, i)
		if at(window, i) != ',' {
			break
		}
		i = skipSpace(window, i+1)
		end := skipValue(window, i)
		if at(window, i) != '"' || at(window, end) == 0 {
			break
		}
		name := content(window[i:end])
		i = skipSpace(window, skipSpace(window, end)+1)
		end = skipValue(window, i)
		if end < len(window) && classify(name)&pairName != 0 {
			c |= pairClass(window[i:end])
		}
		i = end
	}
	d.work += i
	return c
}
