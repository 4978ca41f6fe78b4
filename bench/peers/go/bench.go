// SPDX-License-Identifier: MIT

// What the Go programs share: CPU time, memory readings, one line per figure.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"unsafe"
)

const processCPUTime = 2 // CLOCK_PROCESS_CPUTIME_ID

// CPU time of all threads, in nanoseconds.
func cpu() float64 {
	var now syscall.Timespec
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, processCPUTime, uintptr(unsafe.Pointer(&now)), 0)
	return float64(now.Nano())
}

// One number of /proc/self/status, in bytes.
func status(field string) float64 {
	file, err := os.Open("/proc/self/status")
	if err != nil {
		panic(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if words := strings.Fields(lines.Text()); words[0] == field {
			kib, _ := strconv.ParseFloat(words[1], 64)
			return kib * 1024
		}
	}
	return 0
}

// Resident pages and the page tables that map them.
func memory() float64 {
	return status("VmRSS:") + status("VmPTE:")
}

func report(key string, value float64, unit string) {
	fmt.Printf("%s %.9g %s\n", key, value, unit)
}

// full divided by the program's first argument.
func count(full int) int {
	if len(os.Args) > 1 {
		if divisor, err := strconv.Atoi(os.Args[1]); err == nil && divisor > 1 {
			return full / divisor
		}
	}
	return full
}
