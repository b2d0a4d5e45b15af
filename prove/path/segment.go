package path

import (
	"encoding/binary"
	"fmt"
)

const (
	ipTCP     = 6
	tcpCsumAt = 16
	tcpFIN    = 0x01
	tcpPSH    = 0x08
	tcpCWR    = 0x80
)

// cut calls each for every packet that what a TUN device handed over stands for: one, or as many segments of gso_size
// bytes as the kernel would have made of it for a network card. The packet has its virtio header before it and is only
// lent. What is not IPv4 (the kernel asks for routers by IPv6) is left out.
func cut(frame, scratch []byte, each func(packet []byte)) error {
	if len(frame) < virtioSize+20 {
		return fmt.Errorf("a frame of %d bytes", len(frame))
	}
	head, ip := virtio(frame), frame[virtioSize:]
	if ip[0]>>4 != 4 {
		return nil
	}
	if head.gsoType() == 0 {
		each(frame)
		return nil
	}
	ipLen := int(ip[0]&0xf) * 4
	if head.gsoType() != virtioTCP4 || ip[9] != ipTCP || len(ip) < ipLen+20 {
		return fmt.Errorf("a segment of kind %d and protocol %d", head.gsoType(), ip[9])
	}
	headers := ipLen + int(ip[ipLen+12]>>4)*4
	size, data := head.gsoSize(), len(ip)-headers
	if size == 0 || data < 0 || virtioSize+headers+size > len(scratch) {
		return fmt.Errorf("segments of %d bytes with headers of %d", size, headers)
	}
	for at, n := 0, 0; at < data; at, n = at+size, n+1 {
		length := min(size, data-at)
		packet := scratch[:virtioSize+headers+length]
		virtio(packet).needsCsum(ipLen, tcpCsumAt)
		copy(packet[virtioSize:], ip[:headers])
		copy(packet[virtioSize+headers:], ip[headers+at:][:length])
		renumber(packet[virtioSize:], ipLen, n, at, at+length == data)
		each(packet)
	}
	return nil
}

// renumber makes the headers of the whole those of segment n, whose data begins at a byte of it.
func renumber(ip []byte, ipLen, n, at int, last bool) {
	order := binary.BigEndian
	order.PutUint16(ip[2:], uint16(len(ip)))
	order.PutUint16(ip[4:], order.Uint16(ip[4:])+uint16(n))
	order.PutUint16(ip[10:], 0)
	order.PutUint16(ip[10:], ^sum(ip[:ipLen], 0))
	tcp := ip[ipLen:]
	order.PutUint32(tcp[4:], order.Uint32(tcp[4:])+uint32(at))
	if !last {
		tcp[13] &^= tcpFIN | tcpPSH
	}
	if n > 0 {
		tcp[13] &^= tcpCWR
	}
	order.PutUint16(tcp[tcpCsumAt:], sum(ip[12:20], ipTCP+uint32(len(tcp))))
}

// sum is the ones' complement sum of data and start (RFC 1071).
func sum(data []byte, start uint32) uint16 {
	for ; len(data) > 1; data = data[2:] {
		start += uint32(binary.BigEndian.Uint16(data))
	}
	for start > 0xffff {
		start = start>>16 + start&0xffff
	}
	return uint16(start)
}
