package store

// InSmallChunks makes the jobs of a book do n people at once.
func InSmallChunks(o Options, n int) Options {
	o.maxChunk = n
	return o
}
