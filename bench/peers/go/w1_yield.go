// SPDX-License-Identifier: MIT

// W1, Go: Gosched in two and in a thousand goroutines. GOMAXPROCS comes from the environment.
package main

import (
	"runtime"
	"sync"
)

func roundRobin(members, switches int) float64 {
	var all sync.WaitGroup
	start := cpu()
	for i := 0; i < members; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for lap := 0; lap < switches/members; lap++ {
				runtime.Gosched()
			}
		}()
	}
	all.Wait()
	return (cpu() - start) / float64(switches)
}

func main() {
	switches := count(10000000)
	report("yield_2", roundRobin(2, switches), "ns")
	report("yield_1000", roundRobin(1000, switches), "ns")
}
