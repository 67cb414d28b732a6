package device

// The names of the buckets at the top, as the drawing has them.
var (
	bucketMeta     = []byte("meta")
	bucketLIDs     = []byte("lids")
	bucketPhones   = []byte("phones")
	bucketAccounts = []byte("accounts")
	bucketDevices  = []byte("devices")
)
