package mirror

import (
	"bytes"
	"crypto"
	_ "crypto/sha512" // crypto.SHA512
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"
)

// Key is an OpenPGP key with one subkey that signs, as the key of go.dev has several.
type Key struct{ entity *openpgp.Entity }

// NewKey makes a key. Its subkey is valid from made on for this long, the key itself for ever.
func NewKey(made time.Time, life time.Duration) (Key, error) {
	config := &packet.Config{Time: func() time.Time { return made }, Algorithm: packet.PubKeyAlgoEdDSA}
	e, err := openpgp.NewEntity("A test", "", "test@example.com", config)
	if err != nil {
		return Key{}, err
	}
	config.KeyLifetimeSecs = uint32(life / time.Second)
	return Key{e}, e.AddSigningSubkey(config)
}

// Public returns the key as a file for --keyring.
func (k Key) Public() ([]byte, error) {
	return armoured(openpgp.PublicKeyType, func(w *bytes.Buffer) error { return k.entity.Serialize(w) })
}

// Sign returns the armoured signature of data, made by the subkey at a certain time, whether or not it was valid then.
func (k Key) Sign(data []byte, at time.Time) ([]byte, error) {
	subkey := k.entity.Subkeys[len(k.entity.Subkeys)-1]
	signature := &packet.Signature{
		Version: subkey.PublicKey.Version, SigType: packet.SigTypeBinary, PubKeyAlgo: subkey.PublicKey.PubKeyAlgo, Hash: crypto.SHA512,
		CreationTime: at, IssuerKeyId: &subkey.PublicKey.KeyId,
	}
	h := crypto.SHA512.New()
	_, _ = h.Write(data) // a hash takes everything
	if err := signature.Sign(h, subkey.PrivateKey, &packet.Config{Time: func() time.Time { return at }}); err != nil {
		return nil, err
	}
	return armoured(openpgp.SignatureType, func(w *bytes.Buffer) error { return signature.Serialize(w) })
}

func armoured(kind string, write func(*bytes.Buffer) error) ([]byte, error) {
	var packets, text bytes.Buffer
	if err := write(&packets); err != nil {
		return nil, err
	}
	w, err := armor.Encode(&text, kind, nil)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(packets.Bytes()); err != nil {
		return nil, err
	}
	err = w.Close()
	return text.Bytes(), err
}
