package bolt

import (
	"errors"
	"reflect"
	"testing"
	"time"
	"unsafe"
)

// fieldsOf are all kinds of fields.
type fieldsOf struct {
	N     uint64
	I     int
	Yes   bool
	Text  string
	Texts []string
	At    time.Time
	Never time.Time
	Bytes []byte
}

var some = fieldsOf{
	N: 1 << 60, I: 300, Yes: true, Text: "ação", Texts: []string{"", "b"}, At: time.Unix(0, 1234567890123456789), Bytes: []byte{0, 1},
}

func (f *fieldsOf) encode(version uint64) []byte {
	var e Enc
	e.Uint(version)
	e.Uint(f.N)
	e.Uint(uint64(f.I))
	e.Bool(f.Yes)
	e.Bool(false)
	e.Text(f.Text)
	e.Texts(f.Texts)
	e.Time(f.At)
	e.Time(f.Never)
	return AppendText(e.B, f.Bytes)
}

func decodeFields(d *Dec, newest uint64) (f fieldsOf) {
	d.Version(newest)
	f.N, f.I, f.Yes = d.Uint(), d.Int(), d.Bool()
	if d.Bool() {
		d.Fail()
	}
	f.Text, f.Texts, f.At, f.Never, f.Bytes = d.Text(), d.Texts(nil), d.Time(), d.Time(), d.Bytes()
	return f
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	for _, share := range []bool{false, true} {
		d := Dec{B: some.encode(3)}
		if share {
			d.Share()
		}
		if got := decodeFields(&d, 3); !reflect.DeepEqual(got, some) || d.Err != nil || len(d.B) != 0 {
			t.Errorf("%+v, %v, %d bytes left; want %+v", got, d.Err, len(d.B), some)
		}
	}
}

// TestWhatIsReadIsNoPartOfTheRecord: that is the disk's.
func TestWhatIsReadIsNoPartOfTheRecord(t *testing.T) {
	for _, share := range []bool{false, true} {
		v := some.encode(1)
		d := Dec{B: v}
		if share {
			d.Share()
		}
		got := decodeFields(&d, 1)
		for i := range v {
			v[i] = 0xff
		}
		if !reflect.DeepEqual(got, some) {
			t.Errorf("%+v", got)
		}
	}
	d := Dec{B: AppendText(AppendText(nil, "one"), "two")}
	d.Share()
	one, two := d.Text(), d.Text()
	if unsafe.Pointer(unsafe.StringData(two)) != unsafe.Add(unsafe.Pointer(unsafe.StringData(one)), 4) {
		t.Error("the texts are not parts of one copy")
	}
}

// TestARecordThatIsCutOrOfALaterVersionIsDamaged, and reads as zero from there on.
func TestARecordThatIsCutOrOfALaterVersionIsDamaged(t *testing.T) {
	whole := some.encode(2)
	for n := range whole {
		d := Dec{B: whole[:n]}
		decodeFields(&d, 2)
		if !errors.Is(d.Err, ErrRecord) {
			t.Errorf("with %d of %d bytes: %v", n, len(whole), d.Err)
		}
		if d.Uint() != 0 || d.Text() != "" || !d.Time().IsZero() || d.Bytes() != nil || d.Count() != 0 {
			t.Errorf("with %d bytes something is read after the mistake", n)
		}
	}
	for version, newest := range map[uint64]uint64{0: 2, 3: 2} {
		d := Dec{B: some.encode(version)}
		if decodeFields(&d, newest); !errors.Is(d.Err, ErrRecord) {
			t.Errorf("version %d of %d: %v", version, newest, d.Err)
		}
	}
	d := Dec{B: []byte{3, 1, 1}}
	if d.Count(); !errors.Is(d.Err, ErrRecord) {
		t.Errorf("a count of more than there is: %v", d.Err)
	}
	var e Enc
	e.Uint(1 << 31)
	d = Dec{B: e.B}
	if d.Int(); !errors.Is(d.Err, ErrRecord) {
		t.Errorf("a number that is too large: %v", d.Err)
	}
}

func TestAShorterRecordOfAnOlderProgramHasNoMistake(t *testing.T) {
	d := Dec{B: AppendText(nil, "one"), Short: true}
	if a, b, c := d.Text(), d.Text(), d.Bytes(); a != "one" || b != "" || c != nil || d.Err != nil {
		t.Errorf("%q, %q, %q, %v", a, b, c, d.Err)
	}
	d = Dec{B: []byte{9, 'x'}, Short: true}
	if d.Text(); !errors.Is(d.Err, ErrRecord) {
		t.Errorf("one that is cut: %v", d.Err)
	}
}
