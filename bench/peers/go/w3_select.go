// SPDX-License-Identifier: MIT

// W3, Go: select over 2 and over 100 channels, written out as the language wants it. All can be
// received from (an item is sent back each time), one, none (with a default), and one that waits
// until another goroutine sends. Item k belongs to channel k.
package main

import "fmt"

const many = 100

var q [many]chan int

func getOf2() (item int) {
	select {
	case item = <-q[0]:
	case item = <-q[1]:
	}
	return
}

func tryGetOf2() (item int) {
	select {
	case item = <-q[0]:
	case item = <-q[1]:
	default:
		item = -1
	}
	return
}

func getOf100() (item int) {
	select {
	case item = <-q[0]:
	case item = <-q[1]:
	case item = <-q[2]:
	case item = <-q[3]:
	case item = <-q[4]:
	case item = <-q[5]:
	case item = <-q[6]:
	case item = <-q[7]:
	case item = <-q[8]:
	case item = <-q[9]:
	case item = <-q[10]:
	case item = <-q[11]:
	case item = <-q[12]:
	case item = <-q[13]:
	case item = <-q[14]:
	case item = <-q[15]:
	case item = <-q[16]:
	case item = <-q[17]:
	case item = <-q[18]:
	case item = <-q[19]:
	case item = <-q[20]:
	case item = <-q[21]:
	case item = <-q[22]:
	case item = <-q[23]:
	case item = <-q[24]:
	case item = <-q[25]:
	case item = <-q[26]:
	case item = <-q[27]:
	case item = <-q[28]:
	case item = <-q[29]:
	case item = <-q[30]:
	case item = <-q[31]:
	case item = <-q[32]:
	case item = <-q[33]:
	case item = <-q[34]:
	case item = <-q[35]:
	case item = <-q[36]:
	case item = <-q[37]:
	case item = <-q[38]:
	case item = <-q[39]:
	case item = <-q[40]:
	case item = <-q[41]:
	case item = <-q[42]:
	case item = <-q[43]:
	case item = <-q[44]:
	case item = <-q[45]:
	case item = <-q[46]:
	case item = <-q[47]:
	case item = <-q[48]:
	case item = <-q[49]:
	case item = <-q[50]:
	case item = <-q[51]:
	case item = <-q[52]:
	case item = <-q[53]:
	case item = <-q[54]:
	case item = <-q[55]:
	case item = <-q[56]:
	case item = <-q[57]:
	case item = <-q[58]:
	case item = <-q[59]:
	case item = <-q[60]:
	case item = <-q[61]:
	case item = <-q[62]:
	case item = <-q[63]:
	case item = <-q[64]:
	case item = <-q[65]:
	case item = <-q[66]:
	case item = <-q[67]:
	case item = <-q[68]:
	case item = <-q[69]:
	case item = <-q[70]:
	case item = <-q[71]:
	case item = <-q[72]:
	case item = <-q[73]:
	case item = <-q[74]:
	case item = <-q[75]:
	case item = <-q[76]:
	case item = <-q[77]:
	case item = <-q[78]:
	case item = <-q[79]:
	case item = <-q[80]:
	case item = <-q[81]:
	case item = <-q[82]:
	case item = <-q[83]:
	case item = <-q[84]:
	case item = <-q[85]:
	case item = <-q[86]:
	case item = <-q[87]:
	case item = <-q[88]:
	case item = <-q[89]:
	case item = <-q[90]:
	case item = <-q[91]:
	case item = <-q[92]:
	case item = <-q[93]:
	case item = <-q[94]:
	case item = <-q[95]:
	case item = <-q[96]:
	case item = <-q[97]:
	case item = <-q[98]:
	case item = <-q[99]:
	}
	return
}

func tryGetOf100() (item int) {
	select {
	case item = <-q[0]:
	case item = <-q[1]:
	case item = <-q[2]:
	case item = <-q[3]:
	case item = <-q[4]:
	case item = <-q[5]:
	case item = <-q[6]:
	case item = <-q[7]:
	case item = <-q[8]:
	case item = <-q[9]:
	case item = <-q[10]:
	case item = <-q[11]:
	case item = <-q[12]:
	case item = <-q[13]:
	case item = <-q[14]:
	case item = <-q[15]:
	case item = <-q[16]:
	case item = <-q[17]:
	case item = <-q[18]:
	case item = <-q[19]:
	case item = <-q[20]:
	case item = <-q[21]:
	case item = <-q[22]:
	case item = <-q[23]:
	case item = <-q[24]:
	case item = <-q[25]:
	case item = <-q[26]:
	case item = <-q[27]:
	case item = <-q[28]:
	case item = <-q[29]:
	case item = <-q[30]:
	case item = <-q[31]:
	case item = <-q[32]:
	case item = <-q[33]:
	case item = <-q[34]:
	case item = <-q[35]:
	case item = <-q[36]:
	case item = <-q[37]:
	case item = <-q[38]:
	case item = <-q[39]:
	case item = <-q[40]:
	case item = <-q[41]:
	case item = <-q[42]:
	case item = <-q[43]:
	case item = <-q[44]:
	case item = <-q[45]:
	case item = <-q[46]:
	case item = <-q[47]:
	case item = <-q[48]:
	case item = <-q[49]:
	case item = <-q[50]:
	case item = <-q[51]:
	case item = <-q[52]:
	case item = <-q[53]:
	case item = <-q[54]:
	case item = <-q[55]:
	case item = <-q[56]:
	case item = <-q[57]:
	case item = <-q[58]:
	case item = <-q[59]:
	case item = <-q[60]:
	case item = <-q[61]:
	case item = <-q[62]:
	case item = <-q[63]:
	case item = <-q[64]:
	case item = <-q[65]:
	case item = <-q[66]:
	case item = <-q[67]:
	case item = <-q[68]:
	case item = <-q[69]:
	case item = <-q[70]:
	case item = <-q[71]:
	case item = <-q[72]:
	case item = <-q[73]:
	case item = <-q[74]:
	case item = <-q[75]:
	case item = <-q[76]:
	case item = <-q[77]:
	case item = <-q[78]:
	case item = <-q[79]:
	case item = <-q[80]:
	case item = <-q[81]:
	case item = <-q[82]:
	case item = <-q[83]:
	case item = <-q[84]:
	case item = <-q[85]:
	case item = <-q[86]:
	case item = <-q[87]:
	case item = <-q[88]:
	case item = <-q[89]:
	case item = <-q[90]:
	case item = <-q[91]:
	case item = <-q[92]:
	case item = <-q[93]:
	case item = <-q[94]:
	case item = <-q[95]:
	case item = <-q[96]:
	case item = <-q[97]:
	case item = <-q[98]:
	case item = <-q[99]:
	default:
		item = -1
	}
	return
}

func turnOver(get func() int, ready, rounds int) {
	for k := 0; k < ready; k++ {
		q[k] <- k
	}
	for i := 0; i < rounds; i++ {
		item := get()
		q[item] <- item
	}
	for k := 0; k < ready; k++ {
		<-q[k]
	}
}

func handOver(get func() int, channels, rounds int) {
	go func() {
		for i := 0; i < rounds; i++ {
			q[i%channels] <- i
		}
	}()
	for i := 0; i < rounds; i++ {
		if get() != i {
			panic("an item in the wrong order")
		}
	}
}

func measure(name string, channels, rounds int, body func()) {
	start := cpu()
	body()
	report(fmt.Sprintf("select_%s_%d", name, channels), (cpu()-start)/float64(rounds), "ns")
}

func openAll(capacity int) {
	for k := range q {
		q[k] = make(chan int, capacity)
	}
}

func measureAll(get, tryGet func() int, channels, rounds int) {
	openAll(1)
	measure("all", channels, rounds, func() { turnOver(get, channels, rounds) })
	measure("one", channels, rounds, func() { turnOver(get, 1, rounds) })
	measure("none", channels, rounds, func() {
		for i := 0; i < rounds; i++ {
			if tryGet() >= 0 {
				panic("an item from nowhere")
			}
		}
	})
	openAll(0)
	measure("wait", channels, rounds, func() { handOver(get, channels, rounds) })
}

func main() {
	rounds := count(1000000)
	measureAll(getOf2, tryGetOf2, 2, rounds)
	measureAll(getOf100, tryGetOf100, many, rounds/20)
}
