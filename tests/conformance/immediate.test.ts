/**
 * What changes travels on in the same instant (RFC 2205 2.3, 3.1.6, 3.3): after every Resv and ResvTear, in random
 * sequences, each previous hop has been told by messages just what the node requests of it, and nothing else.
 */
import { formatAddress } from "../../host/address.ts";
import { decodeObjects, type ObjectInput } from "../../host/object_list.ts";
import type { RsvpObject } from "../../host/objects.gen.ts";
import { Random } from "../../host/random.ts";
import { assertEquals } from "../assert.ts";
import { amountText, type Bucket, flowspec, styleName } from "./notation.ts";
import { Router } from "./router.ts";

const HOPS = ["P1", "P2", "P3"];
const NEXT_HOPS = ["R1", "R2", "R3", "R4"];
/** Senders and the previous hops that they come through. */
const SENDERS: Record<string, string> = { S1: "P1", S2: "P2", S3: "P2", S4: "P3" };
const NAMES = Object.keys(SENDERS);
const STYLES = ["FF", "SE", "WF"] as const;

/** FLOWSPECs by sender, `*` for a wildcard: of one previous hop. */
type Flows = Map<string, string>;

function flowsOf(objects: readonly RsvpObject[], router: Router): Flows {
  const flows: Flows = new Map();
  const style = objects.find((object) => object.name === "STYLE");
  let amount = "";
  for (const object of objects) {
    if (object.name === "FLOWSPEC") amount = amountText(object);
    if (object.name === "FILTER_SPEC") flows.set(router.senderOf(object), amount);
  }
  if (style && "optionVector" in style && styleName(style.optionVector ?? 0) === "WF") flows.set("*", amount);
  return flows;
}

interface Confirmation {
  receiver: string;
  /** What may answer: one for each flow descriptor. */
  most: number;
  /** ResvConfs, and Resvs that it was sent on with. */
  answers: number;
  refusals: number;
}

/** A router between three previous hops on two interfaces and four next hops on three. */
class Sequence {
  readonly router: Router;
  readonly random: Random;
  readonly told = new Map<string, Flows>();
  /** Previous hops that something has happened to which is said with their next refresh only. */
  readonly lagging = new Set<string>();
  /** RESV_CONFIRMs of Resvs, and the one of the last step. */
  readonly confirmations: Confirmation[] = [];
  asked?: Confirmation;
  #style: typeof STYLES[number];

  constructor(seed: number) {
    this.random = new Random(seed);
    const tight = { c: { reservableBytesPerSecond: 6000 }, d: { reservableBytesPerSecond: 5000 } };
    this.router = new Router(this.random.below(2) ? { interface: tight } : {});
    const places = { P1: "a", P2: "b", P3: "b", R1: "c", R2: "d", R3: "d", R4: "a" };
    for (const [name, letter] of Object.entries(places)) this.router.neighbour(name, letter);
    for (const name of NAMES) this.#route(name, ["a", "c", "d"]);
    this.#style = this.pick(STYLES);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.random.below(from.length)];
  }
  #route(name: string, out: readonly string[]) {
    const incoming = SENDERS[name] === "P1" ? "a" : "b";
    this.router.sender(name, { in: incoming, out: out.filter((letter) => letter !== incoming) });
  }
  #amount(): { edit: (objects: ObjectInput[]) => ObjectInput[] } {
    const rate = 1 + this.random.below(4);
    // Now and then one that cannot be ordered with others.
    const amount: Bucket = this.random.below(4) ? { r: rate } : { r: rate, b: 1 + this.random.below(4) };
    const edit = (objects: ObjectInput[]) =>
      objects.map((object) => object.name === "FLOWSPEC" ? flowspec(amount) : object);
    return { edit };
  }
  #some(): string[] {
    const some = NAMES.filter(() => this.random.below(2));
    return some.length ? some : ["S1"];
  }
  #descriptors(amount: string, some = this.#some()): string {
    if (this.#style === "WF") return `WF(*${amount})`;
    if (this.#style === "SE") return `SE((${some.join(",")})${amount})`;
    return `FF(${some.map((name) => name + amount).join(", ")})`;
  }

  /** Something happens; afterwards what was sent has been heard. */
  step(): string {
    const { router, random } = this;
    const what = random.below(20);
    this.asked = undefined;
    let text: string;
    if (what < 6) {
      const name = this.pick(NAMES);
      text = what < 4 ? `Path ${name}` : `PathTear ${name}`;
      if (what < 4) router.path(name, SENDERS[name], { tspec: 1 + random.below(9) });
      else router.pathTear(name, SENDERS[name]);
    } else if (what < 13) {
      const hop = this.pick(NEXT_HOPS), descriptors = this.#descriptors("{B}");
      const scope = this.#style === "WF" && !random.below(3) ? { scope: this.#some() } : {};
      const confirm = random.below(4) ? {} : { confirm: this.#receiver(descriptors) };
      text = `Resv of ${hop} ${descriptors}`;
      router.resv(hop, descriptors, { ...this.#amount(), ...scope, ...confirm });
      this.#answersOnly(hop, text);
    } else if (what < 17) {
      const hop = this.pick(NEXT_HOPS), descriptors = this.#descriptors("");
      text = `ResvTear of ${hop} ${descriptors}`;
      router.resvTear(hop, descriptors);
      this.#answersOnly(hop, text);
    } else if (what < 18) {
      text = this.#fail();
    } else if (what < 19) {
      text = "time";
      router.advance(1_000 + random.below(40_000));
    } else {
      text = "route";
      this.#route(this.pick(NAMES), ["a", "c", "d"].filter(() => random.below(3)));
      router.routesChange("224.0.0.0", 4);
      // What is left behind is torn with the next refresh (section 3.6).
      router.advance(31_000);
    }
    this.#hear();
    // Path state says nothing of reservations that it changes, but to its own hop (sections 3.1.5, 3.6), and neither does
    // blockade state that ends (section 3.5).
    if (what < 6 || what >= 17) { for (const hop of HOPS) this.lagging.add(hop); }
    this.#forgetSenders();
    if (router.engine.inspect("reservations").length === 0) this.#style = this.pick(STYLES);
    return text;
  }

  /** Somebody who has not asked for a confirmation yet, and asks now. */
  #receiver(descriptors: string): string {
    const confirmation = { receiver: `C${this.confirmations.length}`, most: 1, answers: 0, refusals: 0 };
    if (this.#style === "FF") confirmation.most = descriptors.split(",").length;
    this.confirmations.push(confirmation);
    this.router.neighbour(confirmation.receiver, "c");
    this.asked = confirmation;
    return confirmation.receiver;
  }

  /** A change goes out by the interface that it came by as an error alone (RFC 2205 3.3). */
  #answersOnly(hop: string, text: string) {
    const letter = this.router.hop(hop).interface;
    const other = this.router.sent(letter).filter((sent) => !sent.startsWith("ResvErr"));
    assertEquals(other, [], `${text}, sent by (${letter})`);
  }

  /** A previous hop refuses something of what it was asked for. */
  #fail(): string {
    const hop = this.pick(HOPS);
    const [name] = [...this.told.get(hop)?.keys() ?? []];
    if (name === undefined) return "nothing";
    const scope = this.#style === "WF" ? { scope: NAMES } : {};
    this.router.resvError(hop, 1, 2, this.#descriptors("{B}", [name]), {
      ...this.#amount(),
      ...scope,
      flags: this.random.below(2),
    });
    return `ResvErr of ${hop}`;
  }

  /** Reservation state as the previous hops keep it (RFC 2209). */
  #hear() {
    for (const { message, to, text } of this.router.messages) {
      const [, receiver] = /CONFIRM\((C\d+)\)/.exec(text) ?? [];
      if (receiver) {
        assertEquals(receiver, this.asked?.receiver, `${text}: was asked for long ago`);
        this.asked!.answers += 1;
      }
      if (this.asked && message.message === "ResvErr") this.asked.refusals += 1;
      if (message.message !== "Resv" && message.message !== "ResvTear") continue;
      const said = flowsOf(message.objects, this.router);
      const flows = this.told.get(to) ?? new Map<string, string>();
      this.told.set(to, flows);
      if (message.message === "ResvTear") {
        for (const name of said.keys()) flows.delete(name);
        continue;
      }
      this.lagging.delete(to);
      for (const [name, amount] of said) flows.set(name, amount);
      // All senders of a shared reservation have its size.
      const [amount] = said.values();
      if (text.includes("SE(")) { for (const name of flows.keys()) flows.set(name, amount); }
    }
    this.router.clear();
  }

  /** A sender that has gone has gone from its previous hop too. */
  #forgetSenders() {
    const senders = this.router.senders();
    for (const [hop, flows] of this.told) {
      if (!senders.some((text) => text.includes(`from ${hop}`))) flows.delete("*");
      for (const name of flows.keys()) {
        if (name !== "*" && !senders.some((text) => text.startsWith(`${name} from ${hop}`))) flows.delete(name);
      }
    }
  }

  requested(): Map<string, Flows> {
    return new Map(
      this.router.engine.inspect("requests").map((row) => [
        this.router.node(formatAddress(row.previousHop, row.previousHopFamily)),
        flowsOf(decodeObjects(row.objects), this.router),
      ]),
    );
  }
}

Deno.test("[2205-2.3-03] [2205-3.1.6-04] [2205-3.3-04] At random: previous hops have been told what is requested of them, after every Resv and ResvTear", () => {
  const first = 1 + Math.floor(Math.random() * 1_000_000);
  let compared = 0;
  for (let seed = first; seed < first + 60; seed++) {
    const sequence = new Sequence(seed);
    for (let step = 0; step < 60; step++) {
      const text = sequence.step();
      const requested = sequence.requested();
      for (const hop of HOPS) {
        if (sequence.lagging.has(hop)) continue;
        const sorted = (flows: Flows | undefined) => [...flows ?? []].sort();
        if (sequence.told.get(hop)?.size) compared++;
        assertEquals(
          sorted(sequence.told.get(hop)),
          sorted(requested.get(hop)),
          `seed ${seed}, step ${step}, ${text}: ${hop}`,
        );
      }
    }
  }
  assertEquals(compared > 1_000, true, `seed ${first}: only ${compared} were compared`);
});

Deno.test("[2205-2.6-01] [2205-2.6-02] [2205-3.1.4-09] At random: a RESV_CONFIRM is answered or sent on at once, and never again", () => {
  const first = 1 + Math.floor(Math.random() * 1_000_000);
  let sentOn = 0;
  for (let seed = first; seed < first + 60; seed++) {
    const sequence = new Sequence(seed);
    for (let step = 0; step < 60; step++) {
      const text = sequence.step();
      const { asked } = sequence;
      if (!asked) continue;
      const said = `seed ${seed}, step ${step}, ${text}: ${JSON.stringify(asked)}`;
      assertEquals(asked.answers <= asked.most, true, said);
      // What is blockaded is dropped (section 3.1.4).
      if (sequence.router.engine.inspect("blockade").length > 0) continue;
      assertEquals(asked.answers + asked.refusals > 0, true, said);
      sentOn += asked.answers;
    }
  }
  assertEquals(sentOn > 100, true, `seed ${first}: only ${sentOn} confirmations`);
});
