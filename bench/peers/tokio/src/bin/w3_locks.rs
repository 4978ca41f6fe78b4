// SPDX-License-Identifier: MIT
//! W3, tokio: Mutex and Semaphore alone and by two tasks, which keep them over a switch on one
//! thread and stand for threads on two (second argument); a oneshot sent and received.

use std::future::Future;
use std::sync::Arc;
use tokio::sync::{oneshot, Mutex, Semaphore};
use tokio::task::yield_now;
use trine_bench_peers::*;

async fn mutex_turns(mutex: Arc<Mutex<usize>>, count: usize) {
    for _ in 0..count {
        *mutex.lock().await += 1
    }
}

async fn mutex_turns_with_a_switch(mutex: Arc<Mutex<usize>>, count: usize) {
    for _ in 0..count {
        let mut turns = mutex.lock().await;
        yield_now().await;
        *turns += 1
    }
}

async fn permit_turns(semaphore: Arc<Semaphore>, count: usize) {
    for _ in 0..count {
        drop(semaphore.acquire().await.unwrap())
    }
}

async fn permit_turns_with_a_switch(semaphore: Arc<Semaphore>, count: usize) {
    for _ in 0..count {
        let _permit = semaphore.acquire().await.unwrap();
        yield_now().await
    }
}

async fn both<F>(here: F, there: F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let (here, there) = (tokio::spawn(here), tokio::spawn(there));
    here.await.unwrap();
    there.await.unwrap()
}

async fn oneshots(count: usize) {
    for value in 0..count {
        let (sender, receiver) = oneshot::channel();
        sender.send(value).unwrap();
        assert_eq!(receiver.await, Ok(value))
    }
}

async fn on_one_thread(mutex: Arc<Mutex<usize>>, semaphore: Arc<Semaphore>) {
    let (times, turns) = (count(3_000_000), count(400_000));
    measure("mutex_alone", times, mutex_turns(mutex.clone(), times)).await;
    measure("semaphore_alone", times, permit_turns(semaphore.clone(), times)).await;
    measure("oneshot", times, oneshots(times)).await;
    let side = || mutex_turns_with_a_switch(mutex.clone(), turns / 2);
    measure("mutex_tasks", turns, both(side(), side())).await;
    let side = || permit_turns_with_a_switch(semaphore.clone(), turns / 2);
    measure("semaphore_tasks", turns, both(side(), side())).await
}

async fn on_two_threads(mutex: Arc<Mutex<usize>>, semaphore: Arc<Semaphore>) {
    let (times, turns) = (count(3_000_000), count(1_000_000));
    measure("mutex_alone_safe", times, mutex_turns(mutex.clone(), times)).await;
    measure("semaphore_alone_safe", times, permit_turns(semaphore.clone(), times)).await;
    let side = || mutex_turns(mutex.clone(), turns / 2);
    measure_threads("mutex_threads", turns, both(side(), side())).await;
    let side = || permit_turns(semaphore.clone(), turns / 2);
    measure_threads("semaphore_threads", turns, both(side(), side())).await
}

fn main() {
    run(async {
        let (mutex, semaphore) = (Arc::new(Mutex::new(0)), Arc::new(Semaphore::new(1)));
        if threads() == 1 {
            on_one_thread(mutex, semaphore).await
        } else {
            on_two_threads(mutex, semaphore).await
        }
    });
}
