// SPDX-License-Identifier: MIT

// W7, Go: 15 pages with net/http, a goroutine each. Second argument: the server's port.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

func fetch(page int) (int, error) {
	response, err := http.Get(fmt.Sprintf("http://127.0.0.1:%s/page/%d", os.Args[2], page))
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return len(body), err
}

func main() {
	var all sync.WaitGroup
	var lens [15]int
	wall := time.Now()
	for page := range lens {
		all.Add(1)
		go func(page int) {
			defer all.Done()
			n, err := fetch(page)
			if err != nil {
				panic(err)
			}
			lens[page] = n
		}(page)
	}
	all.Wait()
	report("pages_wall", float64(time.Since(wall).Microseconds())/1e3, "ms")
	total := 0
	for _, n := range lens {
		total += n
	}
	report("pages_bytes", float64(total), "B")
}
