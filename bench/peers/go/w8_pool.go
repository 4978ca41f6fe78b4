// SPDX-License-Identifier: MIT

// W8, Go: two goroutines that take jobs from a channel; the future is a channel of one result.
package main

import "time"

type job struct {
	arg    int
	result chan int
}

var queue = make(chan job, 1024)

func work() {
	for job := range queue {
		job.result <- job.arg + 1
	}
}

func submit(arg int) chan int {
	result := make(chan int, 1)
	queue <- job{arg, result}
	return result
}

func windows(jobs, window int) int {
	futures := make([]chan int, window)
	sum := 0
	for i := 0; i < jobs; i += window {
		for k := range futures {
			futures[k] = submit(i + k)
		}
		for _, future := range futures {
			sum += <-future
		}
	}
	return sum
}

// One at a time, with a pause before each in which the workers fall asleep.
func asleep(jobs int) time.Duration {
	var spent time.Duration
	for i := 0; i < jobs; i++ {
		for start := time.Now(); time.Since(start) < 200*time.Microsecond; {
		}
		start := time.Now()
		<-submit(i)
		spent += time.Since(start)
	}
	return spent
}

func main() {
	for i := 0; i < 2; i++ {
		go work()
	}
	jobs := count(1000000)
	wall, start := time.Now(), cpu()
	if windows(jobs, 1000) != jobs*(jobs+1)/2 {
		panic("wrong results")
	}
	report("pool_wall", float64(time.Since(wall))/float64(jobs), "ns")
	report("pool_cpu", (cpu()-start)/float64(jobs), "ns")

	jobs /= 5
	wall = time.Now()
	windows(jobs, 1)
	report("single_wall", float64(time.Since(wall))/float64(jobs), "ns")

	jobs = count(3000)
	report("asleep_wall", float64(asleep(jobs))/float64(jobs), "ns")
}
