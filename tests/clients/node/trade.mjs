// okx-api, the Node client, trades here with nothing but its addresses changed.
//
// Reads its settings as JSON from the environment, asserts what it sees, and prints one line for
// each part that holds.
import assert from "node:assert/strict";
import { RestClient, WebsocketAPIClient, WebsocketClient } from "okx-api";

const { http, ws, keys } = JSON.parse(process.env.FULLRESERVE_CLIENT);
const instId = "XRP-USDT";
const limit = { instId, tdMode: "cash", ordType: "limit" };
const quiet = { trace() {}, info() {}, error() {} };
const rest = (key) => new RestClient({ ...key, baseUrl: `http://${http}` });
const sockets = { wsUrl: `ws://${ws}/ws/v5/private` };
const [me, other] = keys.map(rest);

const ok = (part) => console.log(`ok ${part}`);

async function refusal(promise) {
  try {
    await promise;
  } catch (problem) {
    return problem;
  }
  throw new Error("it was not refused");
}

async function reads() {
  const [instrument] = await me.getInstruments({ instType: "SPOT", instId });
  assert.equal(instrument.instId, instId);
  assert.equal(Number.isInteger(instrument.instIdCode), true);
  const [ticker] = await me.getTicker({ instId });
  assert.equal(ticker.instType, "SPOT");
  const [{ details }] = await me.getBalance();
  assert.deepEqual(details.map(({ ccy }) => ccy).sort(), ["USDT", "XRP"]);
  assert.equal((await refusal(me.getTicker({ instId: "NO-SUCH" }))).code, "51001");
  ok("reads");
  return instrument.instIdCode;
}

async function orders() {
  const [placed] = await me.submitOrder({ ...limit, side: "buy", sz: "10", px: "0.4" });
  assert.equal(placed.sCode, "0");
  const { ordId } = placed;
  await me.amendOrder({ instId, ordId, newSz: "20" });
  const [row] = await me.getOrderDetails({ instId, ordId });
  assert.deepEqual([row.state, row.sz, row.px], ["live", "20", "0.4"]);
  const [{ bids }] = await me.getOrderBook({ instId, sz: "5" });
  assert.deepEqual(bids[0], ["0.4", "20", "0", "1"]);
  await me.cancelOrder({ instId, ordId });
  const [ended] = await me.getOrderHistory({ instType: "SPOT" });
  assert.deepEqual([ended.ordId, ended.state], [ordId, "canceled"]);
  const poor = await refusal(me.submitOrder({ ...limit, side: "sell", sz: "2000", px: "0.5" }));
  assert.equal(poor.data[0].sCode, "51008");
  ok("orders");
}

async function fills() {
  const rows = [1, 2].map(() => ({ ...limit, side: "sell", sz: "5", px: "0.5" }));
  const made = await other.submitMultipleOrders(rows);
  assert.deepEqual(made.map(({ sCode }) => sCode), ["0", "0"]);
  const [{ ordId }] = await me.submitOrder({ ...limit, side: "buy", sz: "10", px: "0.5" });
  const found = await me.getFills({ instType: "SPOT", ordId });
  assert.equal(found.reduce((sum, { fillSz }) => sum + Number(fillSz), 0), 10);
  assert.deepEqual(new Set(found.map(({ execType }) => execType)), new Set(["T"]));
  const [whole] = await me.getOrderDetails({ instId, ordId });
  assert.deepEqual([whole.state, whole.accFillSz, whole.avgPx], ["filled", "10", "0.5"]);
  const [{ details }] = await me.getBalance();
  const cash = details.find(({ ccy }) => ccy === "USDT").cashBal;
  assert.equal(Number(cash), 100000 - 5);
  ok("fills");
}

function updates(client, wanted) {
  return new Promise((resolve) => {
    client.on("update", (message) => {
      if (wanted(message)) {
        resolve(message);
      }
    });
  });
}

async function watching(instIdCode) {
  const feed = new WebsocketClient({ wsUrl: `ws://${ws}/ws/v5/public` }, quiet);
  const book = updates(feed, ({ arg }) => arg.channel === "books");
  const trade = updates(feed, ({ arg }) => arg.channel === "trades");
  const account = new WebsocketClient({ ...sockets, accounts: [keys[0]] }, quiet);
  const filled = updates(
    account,
    ({ arg, data }) => arg.channel === "orders" && data[0].state === "filled",
  );
  const balance = updates(account, ({ arg }) => arg.channel === "account");
  await Promise.all(feed.subscribe([{ channel: "books", instId }, { channel: "trades", instId }]));
  await Promise.all(account.subscribe([
    { channel: "account" },
    { channel: "orders", instType: "SPOT" },
  ]));
  const { action, data: [snapshot] } = await book;
  assert.deepEqual([action, snapshot.prevSeqId], ["snapshot", -1]);
  assert.equal((await balance).data[0].details.length, 2);
  const entry = new WebsocketAPIClient({ ...sockets, accounts: [keys[0]] }, quiet);
  const order = { instIdCode, tdMode: "cash", ordType: "limit", side: "buy", px: "0.5" };
  const resting = await entry.submitNewOrder({ ...order, sz: "7" });
  const { ordId } = resting.data[0];
  await entry.amendOrder({ instIdCode, ordId, newSz: "8" });
  await other.submitOrder({ ...limit, side: "sell", sz: "8", px: "0.5" });
  const [push] = (await filled).data;
  assert.deepEqual([push.ordId, push.accFillSz, push.execType], [ordId, "8", "M"]);
  const [match] = (await trade).data;
  assert.deepEqual([match.px, match.sz, match.side], ["0.5", "8", "sell"]);
  const second = await entry.submitNewOrder({ ...order, sz: "3", px: "0.45" });
  const gone = await entry.cancelOrder({ instIdCode, ordId: second.data[0].ordId });
  assert.equal(gone.data[0].sCode, "0");
  const late = await refusal(entry.cancelOrder({ instIdCode, ordId }));
  assert.equal(late.data[0].sCode, "51400");
  for (const client of [feed, account, entry.getWSClient()]) {
    client.closeAll(true);
  }
  ok("watching");
}

const code = await reads();
await orders();
await fills();
await watching(code);
process.exit(0);
