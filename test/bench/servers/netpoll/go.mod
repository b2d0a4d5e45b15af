// A module of its own, so that the product does not carry what only a comparison needs.
module github.com/tcptune/tcptune/test/bench/servers/netpoll

go 1.26.0

require github.com/cloudwego/netpoll v0.7.2

require (
	github.com/bytedance/gopkg v0.1.1 // indirect
	github.com/cloudwego/gopkg v0.1.4 // indirect
)
