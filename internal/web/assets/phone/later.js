// The pages that load when they are first opened. A first visit fetches what the first page
// needs; the worker keeps the rest as soon as the phone is idle (kept.js), so that all of them
// open without network afterwards.
import { Say } from './ui.js'

// rooms are the modules with their pages: how a module is loaded, under which name it gives its
// pages, and what they are called.
export const rooms = [
  [() => import('./ward.js'), 'ward', ['bag', 'label', 'labels', 'scan', 'bags', 'act', 'many', 'give', 'take']],
  [() => import('./carry.js'), 'carry', ['trip', 'stop', 'skip', 'unload', 'at']],
  [() => import('./pickup.js'), 'pickup', ['stopcode', 'pickup', 'told']],
  [() => import('./readscale.js'), 'scales', ['scale']],
  [() => import('./gate.js'), 'gate', ['gate', 'check', 'load', 'manifest']],
  [() => import('./plant.js'), 'plant', ['stock', 'put']],
  [() => import('./treat.js'), 'treat', ['treat', 'outcome']],
  [() => import('./mishap.js'), 'mishap', ['mishap', 'reported']],
  [() => import('./relay.js'), 'relay', ['taker', 'to', 'relay', 'return']],
  [() => import('./repack.js'), 'repack', ['repack']],
  [() => import('./mend.js'), 'mend', ['mend', 'mended']],
  [() => import('./answer.js'), 'answer', ['answers']],
  [() => import('./inspect.js'), 'inspect', ['inspect', 'inspected', 'colleagues']],
  [() => import('./grant.js'), 'grant', ['leave', 'behalf', 'drum']],
  [() => import('./draws.js'), 'draws', ['draw', 'drawn']],
]

// page makes a page of one that loads first.
const page = (load, of, name) => async (given) => {
  let module
  try {
    module = await load()
  } catch (err) {
    console.info('a page was not loaded:', err.message)
    throw Object.assign(new Say('这一页还没有存到本机。请到有网络的地方再打开；已签的都在。', 'This page is not on this phone yet. Open it again where there is network; what is signed is safe.'), { again: true })
  }
  return module[of][name](given)
}

export const later = Object.fromEntries(rooms.flatMap(([load, of, names]) => names.map((name) => [name, page(load, of, name)])))
