import { expect, test } from "vitest";
import { QuitFlow } from "../../../../src/main/lifecycle/quit-flow.ts";

function flow({ clients = 0, answers = [] as (boolean | Error | Promise<boolean>)[] } = {}) {
  const said: string[] = [];
  const quit = new QuitFlow({
    clients: () => clients,
    ask: async (question) => {
      said.push(question);
      const answer = await answers.shift();
      if (answer instanceof Error) throw answer;
      return answer ?? false;
    },
    close: () => {
      said.push("close");
      return Promise.resolve();
    },
    leave: (why) => {
      said.push(`${why}, ${quit.isLeaving ? "leaving" : "staying"}`);
      return Promise.resolve();
    },
    exit: (code) => void said.push(`exit ${code}`),
  });
  return { quit, said };
}

test("nobody is asked where no client is connected", async () => {
  const { quit, said } = flow();
  await quit.request();
  expect(said).toEqual(["close", "quit, leaving", "exit 0"]);
  expect(quit.isQuitting).toBe(true);
});

test.each([
  [1, "Quit Culvert? 1 client is connected and will be cut off."],
  [3, "Quit Culvert? 3 clients are connected and will be cut off."],
])("with %i clients it asks, and stays where the answer is no", async (clients, question) => {
  const { quit, said } = flow({ clients, answers: [false, true] });
  await quit.request();
  expect(said).toEqual([question]);
  expect(quit.isQuitting).toBe(false);
  await quit.request();
  expect(said).toEqual([question, question, "close", "quit, leaving", "exit 0"]);
});

test("it asks and closes once, however often it is asked for", async () => {
  let answer: (value: boolean) => void = () => undefined;
  const { quit, said } = flow({ clients: 2, answers: [new Promise<boolean>((resolve) => (answer = resolve))] });
  const first = quit.request();
  await quit.request();
  answer(true);
  await first;
  await quit.request();
  await quit.now();
  expect(said.slice(1)).toEqual(["close", "quit, leaving", "exit 0"]);
});

test("a signal ends it although a question is open, whose answer then counts for nothing", async () => {
  let answer: (value: boolean) => void = () => undefined;
  const { quit, said } = flow({ clients: 2, answers: [new Promise<boolean>((resolve) => (answer = resolve))] });
  const asked = quit.request();
  await quit.now(3);
  answer(false);
  await asked;
  expect(said.slice(1)).toEqual(["close", "exit 3"]);
  expect(quit.isQuitting).toBe(true);
});

test("where no dialog can be shown it quits", async () => {
  const { quit, said } = flow({ clients: 1, answers: [new Error("no display")] });
  await quit.request();
  expect(said.slice(1)).toEqual(["close", "quit, leaving", "exit 0"]);
});

test("a restart asks nobody, and is told from the end that a system brings", async () => {
  const restart = flow({ clients: 2 });
  await restart.quit.restart();
  await restart.quit.request();
  expect(restart.said).toEqual(["close", "restart, leaving", "exit 0"]);
  const signal = flow({ clients: 2 });
  await signal.quit.now();
  await signal.quit.restart();
  expect(signal.said).toEqual(["close", "exit 0"]);
});
