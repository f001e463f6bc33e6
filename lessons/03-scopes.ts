// Lesson 3: who frees memory
// Ten minutes. Before it: lesson 1. You learn where the numbers of a tensor live, what a scope frees, and how to keep a
// loop from filling the memory.
import { memory, random, scope, type Tensor, tensor } from 'floragrad';

// 1. Numbers live in the memory of a device: that of WebAssembly here, or a GPU's. JavaScript's garbage collector sees a
// small object with a name for them, does not know that megabytes hang on it, and comes late. So a *scope* frees, at a time
// that you can point at: when it ends, all that was made in it goes, but for what it returns.
const x = tensor([
  [1, 2],
  [3, 4],
]);
const y = scope(() => {
  const doubled = x.mul(2);
  const moved = doubled.add(1);
  console.log(`inside: ${memory().tensors} tensors`); // prints inside: 3 tensors
  return moved.matmul(x);
});
console.log(`outside: ${memory().tensors}, and y is ${(await y.array(2)).join(' | ')}`); // prints outside: 0, and y is 18,26 | 34,50

// The three are `doubled`, `moved`, and x, which was brought to the device for as long as the scope ran. Outside, x and y
// are not counted: what is made outside of all scopes, or leaves the outermost, is ordinary memory of JavaScript, and the
// collector has it. That is convenient for a few tensors and wrong for a loop of thousands.

// 2. What a scope has freed cannot be read by mistake. The message names it.
let lost: Tensor = x;
scope(() => {
  lost = x.mul(3);
});
const complaint = await lost.data().catch((error: Error) => error.message);
console.log(String(complaint).includes('which was freed by scope')); // prints true

// 3. Training needs no scope of yours: `trainer.step`, `valueAndGrad` and the `update` of every optimizer are scopes. You
// need one where you loop yourself. This loop takes ten steps of a random walk inside a larger scope:
const walk = (step: (now: Tensor, i: number) => Tensor): number =>
  scope(() => {
    let now: Tensor = x;
    for (let i = 0; i < 10; i++) now = step(now, i);
    return memory().tensors;
  });
const noise = (i: number): Tensor => random.normal(random.key(i), [2, 2]).mul(0.1);
console.log(`as it stands: ${walk((now, i) => now.add(noise(i)))}`); // prints as it stands: 31
console.log(`a scope for each step: ${walk((now, i) => scope(() => now.add(noise(i))))}`); // prints a scope for each step: 10

// Three tensors a step (and x) became one a step. That one is the position: each is returned to the larger scope, which
// holds all ten until it ends, though only the last is of use. So it still grows with the number of steps. Two ways out of
// that:
//
// - Nest. What the inner scope returns belongs to the next one, which frees it when it ends:
//     scope(() => third(scope(() => second(scope(() => first(x))))))
// - `keep(t)` takes t out of all scopes: it becomes ordinary memory, one tensor at a time for the collector.

// Exercise. The mean of the tensors that `make(0)`, …, `make(count − 1)` give, all of one shape. It is called inside a
// scope, for a count of thousands. So at no time may it hold more than a few tensors: not one for each that was made.
export function average(make: (i: number) => Tensor, count: number): Tensor {
  throw new Error(`your turn: the mean of ${count} tensors such as ${make.name || 'make'}(0), holding few at a time`);
}
