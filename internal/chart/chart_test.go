package chart

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"strings"
	"testing"

	"litellm-proxy/internal/operation"
)

func draw(t *testing.T, c *operation.Chart) image.Image {
	t.Helper()
	picture, err := PNG(c)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatalf("PNG is none: %v", err)
	}
	if len(picture) > 200<<10 {
		t.Errorf("the image has %d bytes: too many for a chat", len(picture))
	}
	return decoded
}

// inked counts the pixels in one color.
func inked(picture image.Image, want color.Color) (n int) {
	r, g, b, _ := want.RGBA()
	for y := range picture.Bounds().Dy() {
		for x := range picture.Bounds().Dx() {
			if pr, pg, pb, _ := picture.At(x, y).RGBA(); pr == r && pg == g && pb == b {
				n++
			}
		}
	}
	return n
}

var blue, green = color.RGBA{84, 112, 198, 255}, color.RGBA{145, 204, 117, 255}

func TestBarsHaveTheirLengths(t *testing.T) {
	one := func(values ...float64) *operation.Chart {
		return &operation.Chart{Title: "Spend by model", Subtitle: "total", Unit: "US dollars",
			Labels: []string{"a", "b", "c"}, Series: []operation.Series{{Values: values}}}
	}
	full, half := inked(draw(t, one(8, 8, 8)), blue), inked(draw(t, one(8, 4, 0)), blue)
	if full == 0 || math.Abs(float64(half)/float64(full)-0.5) > 0.03 {
		t.Errorf("bars of 8, 4 and 0 have %d pixels and three of 8 have %d; want half", half, full)
	}
}

// TestStack draws values below 1, for which the library would begin the axis below 0.
func TestStack(t *testing.T) {
	picture := draw(t, &operation.Chart{Title: "Spend by day and team", Unit: "US dollars", OverTime: true,
		Labels: []string{"2026-11-01", "2026-11-02"},
		Series: []operation.Series{{Name: "research", Values: []float64{0.3, 0.3}}, {Name: "writers", Values: []float64{0.1, 0.1}}}})
	if got := picture.Bounds().Size(); got != image.Pt(width, height) {
		t.Errorf("the size is %v", got)
	}
	most, least := inked(picture, blue), inked(picture, green)
	if ratio := float64(most) / float64(least); ratio < 2.7 || ratio > 3.3 {
		t.Errorf("parts of 0.3 and 0.1 have %d and %d pixels", most, least)
	}
}

func TestDrawsAnything(t *testing.T) {
	long := strings.Repeat("vertex_ai/a-name-that-goes-on-", 20)
	many := &operation.Chart{OverTime: true, Series: []operation.Series{{}}}
	for range 100 {
		many.Labels = append(many.Labels, "2026-11-01")
		many.Series[0].Values = append(many.Series[0].Values, 1e-9)
	}
	for name, c := range map[string]*operation.Chart{
		"nothing":        {Title: "Spend by key", Series: []operation.Series{{}}},
		"zeros":          {Labels: []string{"a"}, Series: []operation.Series{{Values: []float64{0}}}},
		"odd names":      {Title: long, Labels: []string{long, "模型 🚀", "", "a\nb\x00"}, Series: []operation.Series{{Values: []float64{1e12, 1, 0.001, 0}}}},
		"many":           many,
		"nothing so far": {OverTime: true, Labels: []string{"2026-11-01"}, Series: []operation.Series{{Values: []float64{0}}}},
	} {
		t.Run(name, func(t *testing.T) { draw(t, c) })
	}
}

func TestScale(t *testing.T) {
	for _, c := range []struct {
		most, top float64
		steps     int
	}{
		{0, 1, 4}, {8, 8, 4}, {6, 6, 6}, {68.4, 80, 4}, {0.0001215, 0.000125, 5}, {1, 1, 5}, {10, 10, 5}, {999, 1000, 5}, {math.Inf(1), 1, 4},
	} {
		if top, steps := scale(c.most); math.Abs(top-c.top) > c.top*1e-9 || steps != c.steps {
			t.Errorf("scale(%v) = %v in %d steps, want %v in %d", c.most, top, steps, c.top, c.steps)
		}
	}
}

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		value, step float64
		want        string
	}{
		{0, 1, "0.00"}, {1234567.5, 10, "1,234,567.50"}, {0.0000405, 0.00000405, "0.0000405"}, {-1234, 1, "-1,234.00"}, {0.25, 0.25, "0.25"},
	} {
		if got := number(c.value, c.step); got != c.want {
			t.Errorf("number(%v, %v) = %s, want %s", c.value, c.step, got, c.want)
		}
	}
}
