// The pages by name, and those about the phone itself: home, enrolment, what was sent, device.
import { app, clockWords, go, keptLine, look, show } from './app.js'
import { Trouble } from './api.js'
import { chinaDay, scanned } from './bytes.js'
import { complete, enrol } from './enrol.js'
import { hello } from './hello.js'
import { inspects } from './inspections.js'
import { later } from './later.js'
import { answersLink, mendLink, plantHome, receives, relayLinks } from './offers.js'
import { count } from './queue.js'
import { daysLeft, rotate } from './rotate.js'
import { scanner } from './scan.js'
import { Say, act, choices, field, h, link, note, p, plural, two, when, words } from './ui.js'
import { advise, explain, inTrouble } from './words.js'

const driving = () => app.me?.role === 'driver'

// small is whoever makes waste and is no hospital, plant or carrier.
const small = () => !driving() && app.me?.orgRoles?.includes('generator') && !app.me.orgRoles.some((r) => r === 'medical' || r === 'operator' || r === 'collector')

async function home() {
  if (!app.key) {
    if (await app.db.get('meta', 'pending')) return enrolPage('')
    return {
      body: [
        p('联单手机版', 'Liandan on the phone', 'h1'),
        p('先登记这台手机。请向单位管理员要一次性登记码，扫码或输入。', 'Enrol this phone first. Ask your administrator for a one-time code; scan or type it.'),
        link('#enrol', '登记本机', 'Enrol this phone', 'a.big.main'),
      ],
    }
  }
  if (!app.me?.site) return placePage()
  if (inspects(app)) return inspectorHome()
  const open = count(await app.queue.list())
  const behalf = (await app.db.all('bags')).filter((b) => b.behalf && b.generator === app.me.party).length
  const held = (await app.db.all('bags')).filter((b) => !b.gone && b.custodian === app.me.party && !['delivered', 'accepted', 'treated', 'reported', 'repacked', 'lost', 'refused', 'returned'].includes(b.stage)).length
  return {
    body: [
      h('h1', {}, app.me.siteName),
      app.me.roleZH && p(app.me.roleZH, app.me.roleEN, 'p.role'),
      await keyNote(),
      clockNote(),
      open.refused > 0 && link('#queue', `有 ${open.refused} 条被退回，请看怎么办`, `${open.refused} refused: see what to do`, 'a.big.danger'),
      await answersLink(),
      link('#scan', '扫码', 'Scan', 'a.big.main'),
      !driving() && receives() && (await plantHome()),
      !driving() && (small() ? link('#drum', '装桶', 'Close a container', 'a.big.main') : link('#bag', '封袋', 'Close a bag', receives() ? 'a.big' : 'a.big.main')),
      !driving() && link('#many', '批量交接', 'Hand over many', 'a.big'),
      app.me.role === 'site_staff' && app.signedIn && link('#stopcode', '出示收运码', 'Show a pick-up code', 'a.big'),
      small() && link('#leave', '授权收集单位代签', 'Let a collector sign for us', 'a.big'),
      behalf > 0 && link('#behalf', `替本单位签的 ${behalf} 桶`, `${behalf} signed in our place`, 'a.big'),
      !driving() && link('#repack', '重新包装（破损、合装、分装）', 'Pack over (torn, merge, split)', 'a.big'),
      link('#mishap', '报告事故', 'Report an incident', 'a.big.danger'),
      link('#trip', '行程', 'Trip', driving() ? 'a.big.main' : 'a.big'),
      (driving() || receives()) && (await relayLinks()),
      link('#bags', `在管 ${held} 袋与余时`, `${held} held, with time left`, 'a.big'),
      app.signedIn === false && note('', p('没有登录：签名和发送照常，查看别处的袋子需登录。', 'Not signed in: signing and sending work; looking up others’ bags needs sign-in.'), link('/signin?next=/m/', '登录', 'Sign in', 'a.big')),
      link('#device', '本机', 'This phone', 'a.big'),
      keptLine(),
    ],
  }
}

const clockNote = () => {
  const wrong = clockWords()
  return wrong && note('bad', p(...wrong))
}

// inspectorHome is that of a device of an authority: it holds no waste.
async function inspectorHome() {
  const open = count(await app.queue.list())
  return {
    body: [
      h('h1', {}, app.me.siteName),
      await keyNote(),
      clockNote(),
      open.refused > 0 && link('#queue', `有 ${open.refused} 条被退回，请看怎么办`, `${open.refused} refused: see what to do`, 'a.big.danger'),
      link('#inspect', '检查场所', 'Inspect a site', 'a.big.main'),
      link('#mishap', '报告事故', 'Report an incident', 'a.big.danger'),
      app.signedIn === false && note('', p('没有登录：填表、签名和发送照常；核对场所、带下抽中名单需登录。', 'Not signed in: filling in, signing and sending work; looking sites up and the drawn list need sign-in.'), link('/signin?next=/m/', '登录', 'Sign in', 'a.big')),
      link('#draw', '公告随机抽取（需网络）', 'Announce a draw (needs network)', 'a.big'),
      link('/inspect', '查验（需网络）', 'Look into waste (needs network)', 'a.big'),
      link('#colleagues', '同行人员', 'Companions', 'a.big'),
      link('#device', '本机', 'This device', 'a.big'),
      keptLine(),
    ],
  }
}

// keyNote says what is wrong with this phone's key, plainly.
async function keyNote() {
  const revoked = (await app.db.get('meta', 'revoked')) === app.key.kid || (await app.queue.list()).some((e) => e.state === 'refused' && e.problem?.kind === 'key-revoked' && e.kid === app.key.kid)
  if (revoked) {
    return note('bad', p('本机已被挂失或吊销：现在签的不会被收下。若是捡到的，请交还单位；若是您的，请找管理员要新的登记码。', 'This phone was reported lost or revoked: what it signs now is not taken. If you found it, give it back; if it is yours, ask your administrator for a new code.'), link('#enrol', '重新登记本机', 'Enrol again', 'a.big'))
  }
  const left = daysLeft(app.key, Date.now())
  if (left < 0) return note('bad', p('本机的密钥已过期，不能再签。请找管理员要新的登记码。已签好的照常发送。', 'This phone’s key is over and signs no more: ask for a new code. What is signed still goes out.'), link('#enrol', '重新登记本机', 'Enrol again', 'a.big'))
  return left < 7 && note('', p(`本机密钥还有 ${left} 天到期。联网打开本应用会自动更换。`, `This phone’s key ends in ${plural(left, 'day')}. Open the app with network and it is renewed by itself.`))
}

async function enrolPage(given) {
  const pending = await app.db.get('meta', 'pending')
  const code = field('一次性登记码', 'One-time code', { id: 'code', value: given, autocapitalize: 'characters', spellcheck: 'false' })
  const after = async (key) => {
    app.key = key
    await settle()
    go('')
  }
  const said = async (work) => {
    try {
      await after(await work())
    } catch (err) {
      throw explain(err)
    }
  }
  const s = pending ? null : scanner(async (text) => {
    const c = scanned(text)
    code.input.value = c.kind === 'enrol' ? c.code : text.trim()
  }, { label: ['', ''] })
  return {
    leave: s?.leave,
    body: [
      p('登记本机', 'Enrol this phone', 'h1'),
      pending && note('', p('上次登记没有等到回答。', 'The last enrolment had no answer.'), act('再问一次', 'Ask again', () => said(() => complete(app.db)))),
      code.row,
      act('登记', 'Enrol', () => said(() => enrol(app.db, code.input.value.trim()))),
      p('密钥在本机产生，取不出来，服务器见不到。手机丢了，请立即向管理员挂失；还没发送的记录会随手机丢失。', 'The key is made here, cannot be taken out, and the server never sees it. If the phone is lost, report it at once; what was not yet sent is lost with it.', 'p.hint'),
      s && [h('h2', {}, two('或扫登记码', 'or scan it')), s.body[0], s.body[1]],
    ],
  }
}

// settle learns where this phone is used: by its own key, without sign-in.
async function settle() {
  const told = await hello(app.key).catch(() => null)
  if (!told) return
  const site = told.sites.find((s) => s.id === app.me?.site) ?? (told.sites.length === 1 ? told.sites[0] : undefined)
  await app.setMe({ party: app.key.party, person: app.key.person, partyName: told.party.name, orgRoles: told.roles, sites: told.sites, site: site?.id, siteName: site?.name })
  await look()
}

async function placePage() {
  if (!app.me?.sites?.length) await settle()
  if (app.me?.site) return home()
  if (!app.me?.sites?.length) {
    return { body: [p('还不知道这台手机用在哪里', 'Where is this phone used?', 'h1'), note('bad', p('请联网后再打开一次。', 'Open this once with network.')), act('再试', 'Try again', async () => show(await settle()))] }
  }
  return {
    body: [
      p('这台手机用在哪里？', 'Where is this phone used?', 'h1'),
      app.me.sites.map((s) => h('button.main', { type: 'button', onclick: async () => { await app.setMe({ site: s.id, siteName: s.name }); await look(); go('') } }, s.name)),
    ],
  }
}

const states = {
  waiting: ['未发送', 'not yet sent'],
  held: ['已到服务器，等前一步', 'at the server, waiting for the step before'],
  refused: ['退回', 'refused'],
  sent: ['已发送', 'sent'],
}

async function queuePage() {
  const all = await app.queue.list()
  const n = count(all)
  const open = n.waiting + n.held
  const troubled = inTrouble(all)
  const shown = [...all.filter((e) => e.state === 'refused' && !e.noted), ...all.filter((e) => e.state === 'waiting' || e.state === 'held'), ...all.filter((e) => e.state === 'sent' || e.noted).reverse().slice(0, 50)]
  return {
    body: [
      h('h1', {}, two(`未发送 (${open})`, `not yet sent (${open})`)),
      p('记录签好就存在本机，关掉页面、没电都不会丢；联网后自动发出，每条只算一次。只有手机本身丢了，未发送的才会丢。', 'What is signed is kept on this phone: closing the page or a dead battery loses nothing. It goes out by itself and counts once. Only if the phone itself is lost, what was not sent is lost.', 'p.hint'),
      open > 0 && app.lasting === false && note('', p('手机空间不足时，浏览器可能清掉未发送的记录：请尽快联网发送，或存成文件。', 'When the phone runs out of room the browser may clear what is not yet sent: send it soon, or save it as a file.')),
      open > 0 && act('现在发送', 'Send now', async () => {
        const trouble = await app.queue.flush(true)
        await show()
        if (trouble) throw explain(new Trouble(trouble.kind, trouble.problem))
      }),
      open > 0 && act('存成文件（可由别的手机代发）', 'Save as a file (another phone may send it)', () => save(all.filter((e) => e.state !== 'sent')), 'button'),
      h('ul.list', {}, shown.map((e) => eventCard(e, troubled))),
      shown.length === 0 && p('还没有签过记录。', 'Nothing was signed yet.'),
    ],
  }
}

const givenUp = new Set()

function eventCard(e, troubled) {
  const w = app.words.problems[e.problem?.kind]
  return h(
    'li.card',
    { 'data-state': e.state },
    h('p', {}, words(app.words.types[e.type]), ' · ', when(e.at), e.batches?.length > 1 && [` · ${e.batches.length} 件 `, h('span', { lang: 'en' }, plural(e.batches.length, 'container'))]),
    h('span.state.' + e.state, {}, two(...states[e.state])),
    e.state === 'refused' && h('p', {}, two(w ? w.zh + '。' : '服务器没有收。', w ? w.en + '.' : e.problem?.detail ?? 'The server did not take it.')),
    (e.state === 'refused' || e.state === 'held') && advise(e, troubled),
    e.state === 'refused' && detail(e.problem),
    e.state === 'held' && act('不等了，以服务器为准', 'Wait no more: take the server’s word', async () => {
      if (!givenUp.has(e.id)) {
        givenUp.add(e.id) // what was asked about once is meant
        throw new Say('这一条将不算数，手机改按服务器的记录显示，不能撤回。确实不等了，再按一次。', 'This entry will not count, the phone goes by the server’s record, and there is no way back. If you mean it, press again.')
      }
      await app.db.put('events', { ...e, state: 'refused', noted: true }) // its bytes stay with the server, for the authority
      await look()
      await show()
    }, 'button'),
    e.state === 'refused' && !e.noted && [
      act('再发一次', 'Send again', async () => { await app.queue.again(e.id); await app.queue.flush(); await show() }, 'button'),
      act('知道了', 'Noted', async () => { await app.db.put('events', { ...e, noted: true }); await show() }, 'button'),
    ],
    e.state === 'sent' && [h('span', {}, ` № ${e.seq} `), mendLink(e)],
  )
}

const detail = (problem) => problem?.errors?.length > 0 && h('ul', {}, problem.errors.slice(0, 5).map((x) => h('li', {}, two(x.detail_zh ?? '内容有误', x.detail), x.pointer && h('span.code', {}, ' ' + x.pointer))))

function save(events) {
  const a = h('a', { href: URL.createObjectURL(new Blob([events.map((e) => e.jws + '\n').join('')], { type: 'application/x-ndjson' })), download: 'liandan-unsent.ndjson' })
  a.click()
  setTimeout(() => URL.revokeObjectURL(a.href), 60_000)
}

async function devicePage() {
  if (!app.key) return enrolPage('')
  const place = app.me?.sites?.length > 1 ? choices('场所', 'Place', app.me.sites.map((s) => ({ value: s.id, zh: s.name, en: '' })), app.me.site) : null
  return {
    body: [
      p('本机', 'This phone', 'h1'),
      h('div.card', {}, h('p', {}, app.key.device), h('p', {}, app.me?.partyName ?? ''), h('p', {}, app.me?.siteName ?? ''), h('p.hint', {}, h('code', {}, `${app.key.alg} · ${app.key.kid}`)), app.key.valid_to && h('p', {}, two('有效至', 'valid until'), ' ', chinaDay(Date.parse(app.key.valid_to)))),
      place && [place.row, act('改用这个场所', 'Use this place', async () => {
        const s = app.me.sites.find((x) => x.id === place.value())
        await app.setMe({ site: s.id, siteName: s.name })
        go('')
      }, 'button')],
      keptLine(),
      p(...(app.lasting ? ['浏览器答应不清除本机的记录。', 'The browser promised not to clear what is kept here.'] : ['浏览器没有答应不清除本机的记录：请尽快联网发送。把本应用添加到主屏幕，通常就会答应。', 'The browser did not promise to keep what is here: send it soon. Adding the app to the home screen usually makes it promise.']), 'p.hint'),
      app.newer && note('', p('新版本已备好，关掉所有本应用的页面再打开即可。', 'A newer version is ready: close all pages of this app and open it again.')),
      p('手机丢失或换人：请立即向单位管理员挂失。已发送的不受影响；未发送的会随手机丢失。', 'Lost, or given to somebody else: report it to your administrator at once. What was sent is safe; what was not is lost with the phone.'),
      act('更换密钥', 'Renew the key', async () => {
        try {
          app.key = await rotate(app.db, app.key)
        } catch (err) {
          if (err.kind === 'key-revoked') await app.remember('revoked', app.key.kid)
          if (err.kind === 'conflict') throw new Say('这把密钥已经换过，新密钥不在本机。若不是您换的，请立即挂失；然后重新登记。', 'This key was replaced already and the new one is not here. If that was not you, report this phone lost at once; then enrol again.')
          throw explain(err)
        }
        await show()
      }, 'button'),
      p('新密钥在本机产生，由旧密钥签字交接；已签未发的照常有效，旧密钥一周后失效。', 'The new key is made here and the old one signs for it. What is signed and not yet sent stays valid; the old key ends after a week.', 'p.hint'),
      link('#scale', '秤', 'Scale', 'a.big'),
      link('#enrol', '重新登记本机', 'Enrol again', 'a.big'),
      link('/account', '我的账号', 'My account', 'a.big'),
    ],
  }
}

export const byName = { '': home, enrol: enrolPage, queue: queuePage, device: devicePage, ...later }

// The code in the address of an enrolment is a secret: it goes out of the address at once.
const fresh = /^#enrol=([0-9A-Za-z*~$=-]{1,40})$/.exec(location.hash)
if (fresh) {
  history.replaceState(null, '', location.pathname + '#enrol')
  byName.enrol = async (given) => {
    byName.enrol = enrolPage
    return enrolPage(given || fresh[1])
  }
}
