/** What the images of workers declare as the one place to write to, temporary files included: build/worker.Dockerfile. */
export const WORKER_VOLUME = '/var/lib/order-up'
