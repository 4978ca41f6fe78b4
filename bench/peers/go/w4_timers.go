// SPDX-License-Identifier: MIT

// W4, Go: a million goroutines, each sleeping 0 to 1 s, twice.
package main

import (
	"math/rand"
	"sync"
	"sync/atomic"
	"time"
)

func measure(name string, sleepers int) {
	var all sync.WaitGroup
	var lateSum, lateMax int64
	wall, start := time.Now(), cpu()
	for i := 0; i < sleepers; i++ {
		all.Add(1)
		length := time.Duration(rand.Int63n(1e9))
		go func() {
			defer all.Done()
			slept := time.Now()
			time.Sleep(length)
			late := int64(time.Since(slept) - length)
			atomic.AddInt64(&lateSum, late)
			for seen := atomic.LoadInt64(&lateMax); late > seen; seen = atomic.LoadInt64(&lateMax) {
				if atomic.CompareAndSwapInt64(&lateMax, seen, late) {
					break
				}
			}
		}()
	}
	all.Wait()
	report(name+"_cpu", (cpu()-start)/1e9, "s")
	report(name+"_wall", time.Since(wall).Seconds(), "s")
	report(name+"_late_mean", float64(lateSum)/float64(sleepers)/1e6, "ms")
	report(name+"_late_max", float64(lateMax)/1e6, "ms")
}

func main() {
	measure("fresh", count(1000000))
	measure("warm", count(1000000))
	report("timers_peak", status("VmHWM:")/(1<<20), "MiB")
}
