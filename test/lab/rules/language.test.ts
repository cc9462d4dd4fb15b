import { languageNotHeld, languageRules } from "./language";
import { transactionRules, transactionsNotHeld } from "./language-transactions";
import { checkRules } from "./support";

checkRules(
  "transactions and language",
  [...languageRules, ...transactionRules],
  [...languageNotHeld, ...transactionsNotHeld],
);
