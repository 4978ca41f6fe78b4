// SPDX-License-Identifier: MIT

// W2, Go: goroutines started and waited for, one at a time and by the thousand; a million parked.
package main

import (
	"bytes"
	"os"
	"runtime"
	"sync"
)

func spawn(tasks int) {
	var all sync.WaitGroup
	start := cpu()
	for i := 0; i < tasks; i++ {
		all.Add(1)
		go all.Done()
		all.Wait()
	}
	report("spawn_one", (cpu()-start)/float64(tasks), "ns")

	start = cpu()
	for round := 0; round < tasks/1000; round++ {
		all.Add(1000)
		for i := 0; i < 1000; i++ {
			go all.Done()
		}
		all.Wait()
	}
	report("spawn_1000", (cpu()-start)/float64(tasks), "ns")
}

func alive(tasks int) {
	never := make(chan struct{})
	before, start := memory(), cpu()
	for i := 0; i < tasks; i++ {
		go func() { <-never }()
	}
	runtime.Gosched()
	report("parked_create", (cpu()-start)/float64(tasks), "ns")
	report("parked_bytes", (memory()-before)/float64(tasks), "B")
	report("parked_count", float64(tasks), "tasks")
	maps, _ := os.ReadFile("/proc/self/maps")
	report("parked_maps", float64(bytes.Count(maps, []byte{'\n'})), "maps")
}

func main() {
	spawn(count(2000000))
	alive(count(1000000))
}
