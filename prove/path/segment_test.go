package path

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// superpacket is what a TUN device hands over: data behind the headers of IPv4 and TCP, to be cut into size bytes.
func superpacket(data []byte, size, options int, flags byte) []byte {
	const ipLen = 20
	tcpLen := 20 + options
	frame := make([]byte, virtioSize+ipLen+tcpLen+len(data))
	frame[0], frame[1] = virtioNeedsCsum, virtioTCP4
	binary.NativeEndian.PutUint16(frame[4:], uint16(size))
	ip := frame[virtioSize:]
	ip[0], ip[8], ip[9] = 0x45, 64, ipTCP
	binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)))
	binary.BigEndian.PutUint16(ip[4:], 0xfffe)
	copy(ip[12:], []byte{198, 18, 0, 1, 198, 18, 0, 2})
	tcp := ip[ipLen:]
	binary.BigEndian.PutUint32(tcp[4:], 0xffffff00)
	tcp[12], tcp[13] = byte(tcpLen/4)<<4, flags
	copy(ip[ipLen+tcpLen:], data)
	return frame
}

func TestASuperpacketIsCutIntoTheSegmentsThatItStandsFor(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	scratch := make([]byte, virtioSize+mtu)
	for range 500 {
		data := make([]byte, 1+random.IntN(60_000))
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		size, options := 500+random.IntN(900), 4*random.IntN(11)
		frame := superpacket(data, size, options, 0x10|tcpFIN|tcpPSH|tcpCWR)
		var got []byte
		count := 0
		err := cut(frame, scratch, func(p []byte) {
			ip := p[virtioSize:]
			body := ip[40+options:]
			last := len(got)+len(body) == len(data)
			if sum(ip[:20], 0) != 0xffff {
				t.Fatal("the checksum of the IP header is wrong")
			}
			if n := int(binary.BigEndian.Uint16(ip[2:])); n != len(ip) || len(body) != size && !last {
				t.Fatalf("a packet of %d bytes says %d, with %d bytes of data, want %d", len(ip), n, len(body), size)
			}
			if seq, want := binary.BigEndian.Uint32(ip[24:]), uint32(0xffffff00)+uint32(len(got)); seq != want {
				t.Fatalf("sequence number %d, want %d", seq, want)
			}
			if id, want := binary.BigEndian.Uint16(ip[4:]), uint16(0xfffe+count); id != want {
				t.Fatalf("identification %d, want %d", id, want)
			}
			flags := ip[33]
			if flags&tcpFIN != 0 != last || flags&tcpPSH != 0 != last || flags&tcpCWR != 0 != (count == 0) || flags&0x10 == 0 {
				t.Fatalf("flags %#x of segment %d", flags, count)
			}
			if want := sum(ip[12:20], ipTCP+uint32(len(ip)-20)); binary.BigEndian.Uint16(ip[36:]) != want {
				t.Fatal("the sum of the pseudo-header is wrong")
			}
			if p[0] != virtioNeedsCsum || p[1] != 0 || binary.NativeEndian.Uint16(p[6:]) != 20 {
				t.Fatalf("virtio header %v", p[:virtioSize])
			}
			got = append(got, body...)
			count++
		})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, data) || count != (len(data)+size-1)/size {
			t.Fatalf("%d segments of %d bytes hold %d, want %d", count, size, len(got), len(data))
		}
	}
}

func FuzzCut(f *testing.F) {
	f.Add(superpacket(make([]byte, 5000), 1448, 12, 0x10))
	f.Add(superpacket(nil, 0, 0, 0))
	f.Add([]byte{})
	f.Fuzz(func(_ *testing.T, frame []byte) {
		_ = cut(frame, make([]byte, virtioSize+mtu), func([]byte) {})
	})
}
