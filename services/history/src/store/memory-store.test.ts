import { openStore } from './open-store.ts';
import { storeSuite } from './store-suite.ts';

storeSuite({
  open: async clock => {
    const store = openStore({ url: 'memory:', clock, onFailure: () => undefined });
    await store.start();
    return store;
  },
  keepsData: false,
  remove: () => Promise.resolve(),
});
