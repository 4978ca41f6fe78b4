// SPDX-License-Identifier: MIT

// W3, Go: channels, sync.Mutex and a channel as a semaphore, between two goroutines and alone; a
// channel that carries one result. With GOMAXPROCS=1 (from the environment) goroutines are what
// tasks are elsewhere, with 2 they stand for threads.
package main

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

var onOneProc = runtime.GOMAXPROCS(0) == 1

// What a step of body takes: CPU time, or between processors wall time and, by name, CPU time.
func measure(key string, steps int, body func()) {
	wall, start := time.Now(), cpu()
	body()
	used, passed := cpu()-start, float64(time.Since(wall))
	if onOneProc {
		report(key, used/float64(steps), "ns")
	} else {
		report(key, passed/float64(steps), "ns")
		report(key+"_cpu", used/float64(steps), "ns")
	}
}

func flow(capacity, items int) {
	queue := make(chan int, capacity)
	go func() {
		for i := 0; i < items; i++ {
			queue <- i
		}
	}()
	for i := 0; i < items; i++ {
		if <-queue != i {
			panic("an item in the wrong order")
		}
	}
}

// What sync.Mutex has; a channel with room for one is the semaphore of Go's own tutorials.
type lock interface {
	Lock()
	Unlock()
}

type semaphore chan struct{}

func (s semaphore) Lock()   { s <- struct{}{} }
func (s semaphore) Unlock() { <-s }

var turns int

func mutexTurns(mutex *sync.Mutex, count int) {
	for i := 0; i < count; i++ {
		mutex.Lock()
		turns++
		mutex.Unlock()
	}
}

func semaphoreTurns(permit semaphore, count int) {
	for i := 0; i < count; i++ {
		permit <- struct{}{}
		turns++
		<-permit
	}
}

func turnsWithASwitch(lock lock, count int) {
	for i := 0; i < count; i++ {
		lock.Lock()
		runtime.Gosched()
		turns++
		lock.Unlock()
	}
}

// Runs it in two goroutines. Where there are two processors, neither begins before both have one:
// otherwise one may be through before the other is there.
func two(side func()) {
	var both sync.WaitGroup
	var started int32
	both.Add(2)
	for i := 0; i < 2; i++ {
		go func() {
			for atomic.AddInt32(&started, 1); !onOneProc && atomic.LoadInt32(&started) < 2; {
			}
			side()
			both.Done()
		}()
	}
	both.Wait()
}

func oneshots(count int) {
	for i := 0; i < count; i++ {
		result := make(chan int, 1)
		result <- i
		if <-result != i {
			panic("another one's result")
		}
	}
}

func main() {
	var mutex sync.Mutex
	permit := make(semaphore, 1)
	where, alone := "threads", "alone_safe"
	if onOneProc {
		where, alone = "tasks", "alone"
	}
	items := count(5000000)
	for _, capacity := range []int{0, 10, 1000} {
		measure(fmt.Sprintf("queue_%s_%d", where, capacity), items, func() { flow(capacity, items) })
	}
	measure("mutex_"+alone, items, func() { mutexTurns(&mutex, items) })
	measure("semaphore_"+alone, items, func() { semaphoreTurns(permit, items) })
	if onOneProc {
		measure("mutex_tasks", items/5, func() {
			two(func() { turnsWithASwitch(&mutex, items/10) })
		})
		measure("semaphore_tasks", items/5, func() {
			two(func() { turnsWithASwitch(permit, items/10) })
		})
		measure("oneshot", items, func() { oneshots(items) })
	} else {
		measure("mutex_threads", items, func() { two(func() { mutexTurns(&mutex, items/2) }) })
		measure("semaphore_threads", items, func() { two(func() { semaphoreTurns(permit, items/2) }) })
	}
}
